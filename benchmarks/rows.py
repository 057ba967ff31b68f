"""Rows as the service would have written them, one at a time.

Ids, hashes and ciphertext are random, of the right shape and length.
"""

from __future__ import annotations

import hashlib
import json
import random
from dataclasses import dataclass
from typing import Any, Final

DAY: Final = 86_400
# Over how long what is there was sent.
DAYS: Final = 100

Row = dict[str, Any]


@dataclass(frozen=True)
class Lengths:
    """Bytes of what is large in a row; each lies in a column that no statement searches."""

    statement: int
    """Of an organisation, a member, an invitation's record, half a binding."""
    receipt: int
    identity: int
    vault: int
    cover: int

    def at_most(self, most: int) -> Lengths:
        """Return the same, cut."""
        mine = (self.statement, self.receipt, self.identity, self.vault, self.cover)
        return Lengths(*(min(length, most) for length in mine))


# As the real client makes them.
REAL_LENGTHS: Final = Lengths(
    statement=11_300, receipt=5_030, identity=4_656, vault=1_064, cover=9_851
)


@dataclass(frozen=True)
class Sender:
    """A member, the only one of an organisation."""

    organisation: str
    member: str


@dataclass(frozen=True)
class Patient:
    """A patient with an account, invited by one practice, signed in."""

    account_number: str
    invitation_id: str
    fingerprint: str
    token: str
    sender: Sender


class Rows:
    """Draws one row at a time, random. The same seed draws the same rows in the same order."""

    def __init__(self, *, lengths: Lengths, now: int, seed: int, after: int) -> None:
        """`after`: how many accounts another one has drawn already."""
        self._lengths = lengths
        self._now = now
        self._random = random.Random(seed)  # noqa: S311  (no secrets: rows to be many)
        self._account = after

    def account_number(self) -> str:
        """Return the next number of an account."""
        # Far from those that clients draw: ten digits, counted downwards.
        self._account += 1
        return f"{10**10 - self._account}"

    def organisation(self, sender: Sender) -> Row:
        """Return the sender's organisation."""
        return {
            "fingerprint": sender.organisation,
            "statement_hash": self.hex(32),
            "created_at": self._now,
            "envelope": self._bytes(self._lengths.statement),
        }

    def member(self, sender: Sender, number: str) -> Row:
        """Return the sender's member, whose account has this number."""
        return {
            "fingerprint": sender.member,
            "organisation": sender.organisation,
            "account_number": number,
            "statement_hash": self.hex(32),
            "created_at": self._now,
            "envelope": self._bytes(self._lengths.statement),
        }

    def account(
        self, number: str, kind: str, fingerprint: str, identity: bytes | None = None
    ) -> Row:
        """Return an account."""
        return {
            "account_number": number,
            "kind": kind,
            "address": f"{number}@example.org",
            "fingerprint": fingerprint,
            "created_at": self._now,
            "identity": identity or self._bytes(self._lengths.identity),
        }

    def unlocker(self, number: str) -> Row:
        """Return the one unlocker of the account with this number."""
        return {
            "unlocker_id": hashlib.md5(number.encode(), usedforsecurity=False).hexdigest(),
            "account_number": number,
            "kind": "password",
            "login_public_key": self._bytes(32),
            "wrapped_vault_key": self._bytes(72),
        }

    def session(self, number: str, token: str) -> Row:
        """Return a session of the account with this number."""
        return {
            "token_hash": hashlib.sha256(token.encode()).hexdigest(),
            "account_number": number,
            "unlocker_id": hashlib.md5(number.encode(), usedforsecurity=False).hexdigest(),
            "client": "program",
            "created_at": self._now,
            # Seen in the future, so that no request has to note that it was seen.
            "last_seen_at": self._now + DAY,
            "expires_at": self._now + 10 * DAY,
        }

    def vault(self, number: str) -> Row:
        """Return the first vault of the account with this number."""
        return {
            "account_number": number,
            "generation": 1,
            "saved_at": self._now,
            "sealed": self._bytes(self._lengths.vault),
        }

    def invitation(self, patient: Patient) -> Row:
        """Return the invitation that the patient claimed."""
        return {
            **self._letter(patient.sender),
            "invitation_id": patient.invitation_id,
            "letter_number": patient.account_number,
            "status": "claimed",
            "address": f"{patient.account_number}@example.org",
            "not_before": self._now - DAYS * DAY,
            "not_after": self._now - (DAYS - 30) * DAY,
            "created_at": self._now - DAYS * DAY,
            "claimed_at": self._now - (DAYS - 1) * DAY,
            "account_number": patient.account_number,
        }

    def binding(self, patient: Patient) -> Row:
        """Return how the patient's invitation was claimed."""
        return {
            "invitation_id": patient.invitation_id,
            "binding_hash": self.hex(32),
            "account_number": patient.account_number,
            "bound_at": self._now,
            "by_claim": self._bytes(self._lengths.statement),
            "by_identity": self._bytes(self._lengths.statement),
        }

    def unanswered(self, sender: Sender, number: int) -> Row:
        """Return a letter that ended a second ago."""
        return {
            **self._letter(sender),
            "letter_number": f"{number:010}",
            "status": "pending",
            "address": f"patient-{number}@example.org",
            "not_before": self._now - 30 * DAY - 1,
            "not_after": self._now - 1,
            "created_at": self._now - 30 * DAY - 1,
        }

    def person_check(self, letter: Row) -> Row:
        """Return what tells the letter's patient from others."""
        return {
            "invitation_id": letter["invitation_id"],
            "position": 0,
            "person_check": self._bytes(32),
        }

    def deposit(self, deposit_id: int, patient: Patient, moment: int) -> Row:
        """Return a stored deposit for the patient."""
        return {
            "deposit_id": deposit_id,
            "organisation": patient.sender.organisation,
            "document_id": self.hex(16),
            "member": patient.sender.member,
            "state": "stored",
            "object_key": self.hex(16),
            "sealed_length": 230_000,
            "segments": 1,
            "opened_at": moment - 1,
            "stored_at": moment,
            "request_hash": self.hex(32),
        }

    def delivery(self, deposit_id: int, patient: Patient, moment: int, index: int) -> Row:
        """Of a hundred: 70 opened, 10 fetched, 15 notified, 3 waiting for their mail, 2 bounced."""
        kind = index % 100
        state = "opened"
        if kind >= 70:
            state = "fetched" if kind < 80 else "notified" if kind < 95 else "stored"
        if kind >= 98:
            state = "bounced"
        return {
            "delivery_id": self.hex(16),
            "deposit_id": deposit_id,
            "invitation_id": patient.invitation_id,
            "position": 0,
            "account_number": patient.account_number,
            "state": state,
            "stored_at": moment,
            "notified_at": moment + 2 if kind < 95 else None,
            "bounced_at": moment + 2 if kind >= 98 else None,
            "fetched_at": moment + DAY if kind < 80 else None,
            "opened_at": moment + DAY if kind < 70 else None,
            "cover_hash": self.hex(32),
        }

    def sender_cover(self, deposit_id: int) -> Row:
        """Return the sender's own cover of a deposit."""
        return {
            "deposit_id": deposit_id,
            "cover_hash": self.hex(32),
            "cover": self._bytes(self._lengths.cover),
        }

    def cover(self, delivery_id: str) -> Row:
        """Return the cover of a delivery."""
        return {"delivery_id": delivery_id, "cover": self._bytes(self._lengths.cover)}

    def receipt(self, delivery: Row) -> Row:
        """Return the receipt of a delivery that was opened."""
        return {
            "delivery_id": delivery["delivery_id"],
            "kept_at": delivery["opened_at"],
            "envelope": self._bytes(self._lengths.receipt),
        }

    def job(self, delivery_id: str) -> Row:
        """A notification that waits for tomorrow: its recipient was mailed today."""
        return {
            "job": "notify",
            "payload": json.dumps({"delivery_id": delivery_id}),
            "state": "waiting",
            "run_at": self._now + self._random.randrange(3_600, DAY),
            "attempts": 0,
            "created_at": self._now,
        }

    def mailed(self, patient: Patient) -> Row:
        """Return that the patient was mailed an hour ago."""
        return {"recipient": f"account:{patient.account_number}", "mailed_at": self._now - 3_600}

    def _letter(self, sender: Sender) -> Row:
        return {
            "invitation_id": self.hex(16),
            "organisation": sender.organisation,
            "member": sender.member,
            "record_hash": self.hex(32),
            "claim_fingerprint": self.hex(32),
            "claim_login_key": self._bytes(32),
            "mails_window_at": 0,
            "mails": 0,
            "person_window_at": 0,
            "person_tries": 0,
            "envelope": self._bytes(self._lengths.statement),
        }

    def hex(self, length: int) -> str:
        """Return so many random bytes in hexadecimal."""
        return self._bytes(length).hex()

    def _bytes(self, length: int) -> bytes:
        """Return random bytes."""
        return self._random.randbytes(length)
