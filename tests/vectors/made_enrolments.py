"""Vectors of enrolment.md: the code, the record, the joining, the certificate."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

from nacl import bindings
from vectors.cast import DAY, INVITED, ORIGIN, Cast, elsewhere, sign, unsigned
from vectors.made_codes import completed
from vectors.making import SignatureStore, VectorSigner, accept, bytes_for, json_body, refuse
from vectors.reader import Vector

from souspli_keys import argon2, codes, framing
from souspli_keys.address import Address
from souspli_keys.dsse import Envelope
from souspli_keys.enrolmentcode import EnrolmentCode
from souspli_keys.public import Fingerprint
from souspli_keys.statements import (
    Enrolment,
    Joining,
    Member,
    Organisation,
    Role,
    Statement,
    account_hash,
)

ASKED = INVITED
JOINED = ASKED + DAY

Json = dict[str, Any]  # payloads are taken apart and altered


@dataclass(frozen=True)
class _Unlocker:
    unlocker_id: str
    kind: str
    login_public_key: bytes
    wrapped_vault_key: bytes


@dataclass(frozen=True)
class _Account:
    account_number: str
    sealed_vault: bytes
    unlockers: tuple[_Unlocker, ...]


class EnrolmentCast(Cast):
    """The practice, and a bridge that becomes its member."""

    def __init__(self, store: SignatureStore) -> None:
        super().__init__(store)
        self.code = VectorSigner("enrolment code", store)
        self.bridge = VectorSigner("bridge", store)
        enrolment_id = bytes_for("enrolment", 16).hex()
        self.enrolment = Enrolment(
            line=self.line("enrolment", issued_at=ASKED, subject=enrolment_id),
            organisation=self.root.public.fingerprint,
            member=self.doctor.public.fingerprint,
            code_identity=self.code.public,
            name="Pont du laboratoire",
            address=Address("pont@labo.example"),
            role=Role.BRIDGE,
            rpps=None,
            may_invite=False,
            not_before=ASKED,
            not_after=ASKED + 7 * DAY,
        )
        self.joining = Joining(
            line=self.line("joining", issued_at=JOINED, subject=enrolment_id),
            record_hash=unsigned(self.enrolment).payload_hash,
            identity=self.bridge.public,
            account_hash=account_hash(_account()),
            joined_at=JOINED,
        )
        self.certificate = Member(
            line=self.line("certificate", issued_at=JOINED),
            organisation=self.root.public.fingerprint,
            member=self.bridge.public,
            name=self.enrolment.name,
            address=self.enrolment.address,
            role=self.enrolment.role,
            rpps=None,
            may_invite=False,
            not_before=JOINED,
            not_after=JOINED + 365 * DAY,
        )


def enrolment_vectors(store: SignatureStore) -> list[Vector]:
    """Return all of them."""
    cast = EnrolmentCast(store)
    return [
        *_codes(),
        *_identities(),
        *_account_hashes(),
        *_payloads(cast),
        *_records(cast),
        *_joinings(cast),
        *_certificates(cast),
    ]


def _symbols() -> str:
    handle = completed("K7M2Q9XD4", codes.ALPHABET)
    return handle + completed("7Z01QK5W8T3N9XB4HM2", codes.ALPHABET)


def _codes() -> list[Vector]:
    symbols = _symbols()
    written = "-".join(symbols[start : start + 5] for start in range(0, 30, 5))

    def right(name: str, what: str, typed: str) -> Vector:
        return accept(
            f"enrolment-code/{name}", what, typed.encode(), written=written, handle=symbols[:10]
        )

    other = "A" if symbols[9] != "A" else "B"
    refused = {
        "handle-check": ("another check symbol of the handle", symbols[:9] + other + symbols[10:]),
        "secret-symbol": ("one misread symbol of the secret", symbols[:10] + "8" + symbols[11:]),
        "neighbours": (
            "two neighbours swapped",
            symbols[:5] + symbols[6] + symbols[5] + symbols[7:],
        ),
        "29-symbols": ("a symbol too few", symbols[:29]),
        "31-symbols": ("a symbol too many", symbols + "0"),
        "claim-code": ("the code of a letter", symbols[10:]),
        "letter-u": ("U, which the alphabet does not have", "U" + symbols[1:]),
        "empty": ("nothing", ""),
    }
    return [
        right("canonical", "30 symbols", symbols),
        right("written", "in six groups", written),
        right("small", "small letters", written.lower()),
        right("spaces", "spaces anywhere", f" {symbols[:3]}  {symbols[3:]} "),
        right("misread", "I and O for 1 and 0", symbols.replace("1", "I").replace("0", "O")),
        *(
            refuse(f"enrolment-code/{name}", f"refused: {what}", typed.encode())
            for name, (what, typed) in refused.items()
        ),
    ]


def _identities() -> list[Vector]:
    def given(name: str, what: str, enrolment_id: bytes, organisation: bytes) -> Vector:
        symbols = _symbols()
        salt = argon2.salt_of("souspli/v1/enrolment-salt", ORIGIN, enrolment_id, organisation)
        key = bindings.crypto_pwhash_alg(32, symbols[10:].encode(), salt, 3, 64 << 20, 2)
        identity = EnrolmentCode(symbols).code_identity(
            origin=ORIGIN,
            enrolment_id=enrolment_id.hex(),
            organisation=Fingerprint(organisation.hex()),
        )
        return accept(
            f"code-identity/{name}",
            what,
            code=symbols,
            origin=ORIGIN,
            enrolment_id=enrolment_id,
            organisation=organisation,
            salt=salt,
            key=key,
            root=framing.derive(key, "souspli/v1/enrolment/identity"),
            fingerprint=identity.public.fingerprint,
        )

    enrolment_id, organisation = bytes_for("enrolment", 16), bytes_for("organisation")
    return [
        given("first", "what an enrolment code gives", enrolment_id, organisation),
        given("other-organisation", "for another organisation it gives another identity", enrolment_id, bytes_for("another organisation")),
        given("other-enrolment", "for another enrolment it gives another identity", bytes_for("another enrolment", 16), organisation),
    ]  # fmt: skip


def _account() -> _Account:
    unlocker = _Unlocker(
        unlocker_id=bytes_for("unlocker", 16).hex(),
        kind="device",
        login_public_key=bytes_for("login key"),
        wrapped_vault_key=bytes_for("wrapped vault key", 72),
    )
    return _Account("1234567897", bytes_for("sealed vault", 1_064), (unlocker,))


def _account_hashes() -> list[Vector]:
    account = _account()
    second = replace(account.unlockers[0], unlocker_id="ab" * 16, kind="password")

    def hashed(name: str, what: str, account: _Account) -> Vector:
        # Framed by hand: lengths of four bytes before each item.
        items = [b"souspli/v1/joining-account", account.account_number.encode()]
        items.append(account.sealed_vault)
        for one in account.unlockers:
            items += (bytes.fromhex(one.unlocker_id), one.kind.encode())
            items += (one.login_public_key, one.wrapped_vault_key)
        framed = b"".join(len(item).to_bytes(4, "big") + item for item in items)
        body = {
            "account_number": account.account_number,
            "sealed_vault": account.sealed_vault.hex(),
            "unlockers": [
                {
                    "unlocker_id": one.unlocker_id,
                    "kind": one.kind,
                    "login_public_key": one.login_public_key.hex(),
                    "wrapped_vault_key": one.wrapped_vault_key.hex(),
                }
                for one in account.unlockers
            ],
        }
        return accept(
            f"joining-account/{name}",
            what,
            json_body(body),
            account_hash=sha256(framed).hexdigest(),
        )

    both = (account.unlockers[0], second)
    return [
        hashed("one-device", "an account of one device", account),
        hashed("two", "an account of two unlockers", replace(account, unlockers=both)),
        hashed("order", "their order counts", replace(account, unlockers=both[::-1])),
    ]


def _payloads(cast: EnrolmentCast) -> list[Vector]:
    kinds: dict[str, Statement] = {"enrolment": cast.enrolment, "joining": cast.joining}
    right: dict[str, Json] = {kind: json.loads(one.to_payload()) for kind, one in kinds.items()}
    bad: dict[str, tuple[str, str, Json]] = {
        "enrolment-second": ("enrolment", "an enrolment that follows another", {"sequence": 2, "previous": "ab" * 32}),
        "enrolment-too-long": ("enrolment", "an enrolment of 7 days and a second", {"not_after": ASKED + 7 * DAY + 1}),
        "enrolment-ends-before": ("enrolment", "an enrolment that ends before it begins", {"not_after": ASKED - 1}),
        "enrolment-role": ("enrolment", "an unknown role", {"role": "owner"}),
        "enrolment-name-empty": ("enrolment", "an empty name", {"name": ""}),
        "enrolment-rpps": ("enrolment", "an RPPS number with another check digit", {"rpps": "10003456787"}),
        "enrolment-address-capitals": ("enrolment", "an address that is not in its canonical spelling", {"address": "Pont@labo.example"}),
        "enrolment-may-invite-integer": ("enrolment", "1 for true", {"may_invite": 1}),
        "enrolment-handle": ("enrolment", "the handle, which has no place there", {"handle": "K7M2Q9XD4A"}),
        "joining-second": ("joining", "a joining that follows another", {"sequence": 2, "previous": "ab" * 32}),
        "joining-hash-short": ("joining", "a hash of 63 digits", {"account_hash": "a" * 63}),
        "joining-role": ("joining", "a role, which the record has", {"role": "administrator"}),
        "joining-no-identity": ("joining", "null for the identity", {"identity": None}),
    }  # fmt: skip

    def spelt(kind: str, **change: object) -> bytes:
        # Not by our own encoder: it may refuse to write what a reader is to refuse.
        return json.dumps(
            right[kind] | change, ensure_ascii=False, sort_keys=True, separators=(",", ":")
        ).encode()

    return [
        *(
            accept(f"enrolment-payload/{kind}", f"the payload of {'an' if kind[0] == 'e' else 'a'} {kind}", spelt(kind), kind=kind)
            for kind in kinds
        ),
        accept("enrolment-payload/enrolment-inviting", "a practitioner who may invite", spelt("enrolment", role="practitioner", rpps="10003456786", may_invite=True), kind="enrolment"),
        *(
            refuse(f"enrolment-payload/{name}", f"refused: {what}", spelt(kind, **change), kind=kind)
            for name, (kind, what, change) in bad.items()
        ),
    ]  # fmt: skip


def _records(cast: EnrolmentCast) -> list[Vector]:
    headers: Json = {"organisation": cast.root.public.fingerprint, "origin": ORIGIN}
    enrolment = cast.enrolment

    def body(record: Envelope, *, member: Member, organisation: Organisation) -> bytes:
        return json_body(
            {
                "organisation": sign(organisation, cast.root).to_json(),
                "member": sign(member, cast.root).to_json(),
                "record": record.to_json(),
            }
        )

    def fact(
        make: Callable[..., Vector],
        name: str,
        what: str,
        record: Envelope,
        *,
        member: Member = cast.member,
        now: int = ASKED + 1,
        **more: Any,
    ) -> Vector:
        content = body(record, member=member, organisation=cast.organisation)
        return make(f"enrolment/{name}", what, content, now=now, **headers, **more)

    def right(name: str, what: str, **more: Any) -> Vector:
        record = sign(enrolment, cast.doctor)
        return fact(accept, name, what, record, record_hash=record.payload_hash, **more)

    def wrong(name: str, what: str, reason: str, record: Envelope, **more: Any) -> Vector:
        return fact(refuse, name, f"refused: {what}", record, reason=reason, **more)

    def changed(signer: VectorSigner = cast.doctor, **fields: Any) -> Envelope:
        return sign(replace(enrolment, **fields), signer)

    mine = sign(enrolment, cast.doctor)
    strangers = cast.stranger.public.fingerprint
    late = replace(enrolment.line, issued_at=cast.member.not_after + 1)
    return [
        right("right", "a member asks somebody to become one"),
        right("by-assistant", "an assistant may ask", member=replace(cast.member, role=Role.ASSISTANT)),
        right("may-not-invite", "who may not invite patients may ask", member=replace(cast.member, may_invite=False)),
        right("last-second", "the last second belongs to it", now=enrolment.not_after),
        wrong("by-bridge", "a bridge asks nobody", "role", mine, member=replace(cast.member, role=Role.BRIDGE)),
        wrong("by-root", "the root signs no enrolment", "signature", sign(enrolment, cast.root)),
        wrong("by-code", "signed by the code's identity", "signature", sign(enrolment, cast.code)),
        wrong("by-stranger", "a stranger signed it", "signature", sign(enrolment, cast.stranger)),
        wrong("names-other-member", "an enrolment that names another member", "chain", changed(member=strangers)),
        wrong("names-other-organisation", "an enrolment that names another organisation", "chain", changed(organisation=strangers)),
        wrong("signed-after-membership", "an enrolment signed after the membership", "dates", changed(line=late)),
        wrong("other-origin", "an enrolment for another service", "chain", sign(elsewhere(enrolment), cast.doctor)),
        wrong("over", "a second after its end", "dates", mine, now=enrolment.not_after + 1),
        wrong("too-early", "a second before it begins", "dates", mine, now=enrolment.not_before - 1),
    ]  # fmt: skip


def _joinings(cast: EnrolmentCast) -> list[Vector]:
    enrolment, joining = cast.enrolment, cast.joining

    def body(by_code: Envelope, by_identity: Envelope) -> bytes:
        return json_body(
            {
                "record": sign(enrolment, cast.doctor).to_json(),
                "by_code": by_code.to_json(),
                "by_identity": by_identity.to_json(),
            }
        )

    def both(value: Joining, by: VectorSigner = cast.bridge) -> bytes:
        return body(sign(value, cast.code), sign(value, by))

    def right(name: str, what: str, value: Joining) -> Vector:
        return accept(
            f"joining/{name}",
            what,
            both(value),
            joining_hash=unsigned(value).payload_hash,
            identity=value.identity.fingerprint,
        )

    def wrong(name: str, what: str, reason: str, content: bytes) -> Vector:
        return refuse(f"joining/{name}", f"refused: {what}", content, reason=reason)

    start, end = enrolment.not_before, enrolment.not_after
    salted = replace(joining, line=replace(joining.line, salt="0" * 32))
    return [
        right("right", "a joining by the code's identity and the new one", joining),
        right("first-second", "the first second belongs to it", replace(joining, joined_at=start)),
        right("last-second", "and the last", replace(joining, joined_at=end)),
        wrong("too-early", "joined before the enrolment", "dates", both(replace(joining, joined_at=start - 1))),
        wrong("too-late", "joined after it", "dates", both(replace(joining, joined_at=end + 1))),
        wrong("two-payloads", "two envelopes over different payloads", "chain", body(sign(joining, cast.code), sign(salted, cast.bridge))),
        wrong("not-by-code", "nobody who has the code signed", "signature", body(sign(joining, cast.stranger), sign(joining, cast.bridge))),
        wrong("not-by-identity", "the new identity did not sign", "signature", both(joining, cast.stranger)),
        wrong("code-twice", "the code's identity signed twice", "signature", both(joining, cast.code)),
        wrong("swapped", "the envelopes in the other order", "signature", body(sign(joining, cast.bridge), sign(joining, cast.code))),
        wrong("to-itself", "the code's identity as the new one", "chain", both(replace(joining, identity=cast.code.public), cast.code)),
        wrong("root", "the organisation's root as the new identity", "chain", both(replace(joining, identity=cast.root.public), cast.root)),
        wrong("other-record", "a joining for another record", "chain", both(replace(joining, record_hash="ab" * 32))),
        wrong("other-enrolment", "a joining for another enrolment", "chain", both(replace(joining, line=replace(joining.line, subject="cd" * 16)))),
        wrong("other-origin", "a joining for another service", "chain", both(elsewhere(joining))),
    ]  # fmt: skip


def _certificates(cast: EnrolmentCast) -> list[Vector]:
    headers: Json = {"organisation": cast.root.public.fingerprint, "origin": ORIGIN}

    def body(certificate: Envelope) -> bytes:
        return json_body(
            {
                "organisation": sign(cast.organisation, cast.root).to_json(),
                "record": sign(cast.enrolment, cast.doctor).to_json(),
                "identity": cast.bridge.public.to_json(),
                "certificate": certificate.to_json(),
            }
        )

    def wrong(name: str, what: str, reason: str, certificate: Envelope) -> Vector:
        return refuse(
            f"certificate/{name}", f"refused: {what}", body(certificate), reason=reason, **headers
        )

    def changed(signer: VectorSigner = cast.root, **fields: Any) -> Envelope:
        return sign(replace(cast.certificate, **fields), signer)

    strangers = cast.stranger.public.fingerprint
    return [
        accept("certificate/right", "the root certifies whom the record asked for", body(changed()), member=cast.bridge.public.fingerprint, **headers),
        wrong("role", "another role", "chain", changed(role=Role.ADMINISTRATOR)),
        wrong("name", "another name", "chain", changed(name="Pont")),
        wrong("address", "another address", "chain", changed(address=Address("autre@labo.example"))),
        wrong("rpps", "an RPPS number that nobody asked for", "chain", changed(rpps="10003456786")),
        wrong("may-invite", "a right that nobody asked for", "chain", changed(may_invite=True)),
        wrong("other-identity", "another identity than the one that answered", "chain", changed(member=cast.stranger.public)),
        wrong("by-member", "a member certified it", "signature", changed(cast.doctor)),
        wrong("by-stranger", "another organisation's root certified it", "signature", changed(cast.stranger)),
        wrong("other-organisation", "a member of another organisation", "chain", changed(organisation=strangers)),
        wrong("other-origin", "a certificate for another service", "chain", sign(elsewhere(cast.certificate), cast.root)),
    ]  # fmt: skip
