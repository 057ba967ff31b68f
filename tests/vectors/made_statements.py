"""Vectors of statements.md: the payload of each kind; and those about all of them together."""

import json
from typing import Any

from vectors.cast import DAY, INVITED, START, Cast
from vectors.made_bindings import attestation_vectors, binding_vectors
from vectors.made_chains import chain_vectors, invitation_vectors
from vectors.making import SignatureStore, accept, refuse
from vectors.reader import Vector

Json = dict[str, Any]  # payloads are taken apart and altered


def statement_vectors(store: SignatureStore) -> list[Vector]:
    """Return all of them."""
    cast = Cast(store)
    return [
        *_payloads(cast),
        *chain_vectors(cast),
        *invitation_vectors(cast),
        *binding_vectors(cast),
        *attestation_vectors(cast),
    ]


def _payloads(cast: Cast) -> list[Vector]:
    def spelt(value: Json) -> bytes:
        # Not by our own encoder: it may refuse to write what a reader is to refuse.
        return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode(
            "utf-8"
        )

    right: dict[str, Json] = {
        kind: json.loads(statement.to_payload()) for kind, statement in cast.statements().items()
    }
    good: dict[str, tuple[str, Json]] = {
        "organisation-longest-name": ("a name of 200 characters outside the basic plane", {"name": "🩺" * 200}),
        "organisation-no-postal-address": ("a postal address may have no lines", {"postal_address": []}),
        "organisation-six-lines": ("a postal address of six lines", {"postal_address": list("123456")}),
        "organisation-second": ("a second statement names the hash of the first", {"sequence": 2, "previous": "ab" * 32}),
        "member-no-rpps": ("not everybody has an RPPS number", {"rpps": None}),
        "member-bridge": ("a bridge", {"role": "bridge", "rpps": None, "may_invite": False}),
        "invitation-reissued": ("a re-issue continues the line of the first", {"sequence": 2, "previous": "ab" * 32, "subject": "cd" * 16, "supersedes": "cd" * 16}),
        "attestation-renewed": ("an attestation may be renewed", {"sequence": 2, "previous": "ab" * 32}),
    }  # fmt: skip
    bad: dict[str, tuple[str, Json]] = {
        "organisation-version": ("another version", {"version": 2}),
        "organisation-version-true": ("true for version 1, which Python holds equal", {"version": True}),
        "organisation-unknown-field": ("an unknown field", {"website": None}),
        "organisation-origin-port": ("an origin with a port", {"origin": "souspli.localhost:443"}),
        "organisation-subject-capitals": ("an id in capitals", {"subject": "AB" * 16}),
        "organisation-subject-short": ("an id of 31 digits", {"subject": "a" * 31}),
        "organisation-salt-line-feed": ("an id that ends with a line feed", {"salt": "a" * 31 + "\n"}),
        "organisation-sequence-0": ("sequence 0", {"sequence": 0}),
        "organisation-sequence-text": ("a sequence that is a text", {"sequence": "1"}),
        "organisation-sequence-true": ("true for sequence 1, which Python holds equal", {"sequence": True}),
        "organisation-first-with-previous": ("a first statement that follows another", {"previous": "ab" * 32}),
        "organisation-second-without-previous": ("a second statement that follows none", {"sequence": 2}),
        "organisation-issued-at-negative": ("a moment before 1970", {"issued_at": -1}),
        "organisation-name-empty": ("an empty name", {"name": ""}),
        "organisation-name-long": ("a name of 201 characters", {"name": "x" * 201}),
        "organisation-name-bidi": ("a name with a bidirectional control", {"name": "Cabinet\u202e"}),
        "organisation-name-null": ("null for a name", {"name": None}),
        "organisation-phone-short": ("a phone number of 2 characters", {"phone": "15"}),
        "organisation-phone-long": ("a phone number of 31 characters", {"phone": "0" * 31}),
        "organisation-seven-lines": ("a postal address of seven lines", {"postal_address": list("1234567")}),
        "organisation-empty-line": ("an empty postal line", {"postal_address": [""]}),
        "organisation-long-line": ("a postal line of 101 characters", {"postal_address": ["x" * 101]}),
        "organisation-postal-text": ("a postal address that is a text", {"postal_address": "12 rue des Tilleuls"}),
        "organisation-root-unknown-field": ("an unknown field in the root", {"root": right["organisation"]["root"] | {"x": 1}}),
        "member-role": ("an unknown role", {"role": "owner"}),
        "member-rpps-luhn": ("an RPPS number with another check digit", {"rpps": "10003456787"}),
        "member-rpps-short": ("an RPPS number of 10 digits", {"rpps": "1000345678"}),
        "member-rpps-integer": ("an RPPS number that is an integer", {"rpps": 10003456786}),
        "member-may-invite-integer": ("1 for true", {"may_invite": 1}),
        "member-address-capitals": ("an address that is not in its canonical spelling", {"address": "Claire@tilleuls.example"}),
        "member-too-long": ("a membership of 366 days and a second", {"not_after": START + 366 * DAY + 1}),
        "member-ends-before": ("a membership that ends before it begins", {"not_after": START - 1}),
        "member-organisation-short": ("a fingerprint of 63 digits", {"organisation": "a" * 63}),
        "invitation-gate": ("an invitation without second gate", {"gate": "none"}),
        "invitation-too-long": ("an invitation of 30 days and a second", {"not_after": INVITED + 30 * DAY + 1}),
        "invitation-checkpoint": ("a checkpoint, before there is a log", {"checkpoint": "x"}),
        "invitation-log-key": ("a log's key, before there is a log", {"log_key": "x"}),
        "invitation-subject": ("a first invitation on another's line", {"subject": "cd" * 16}),
        "invitation-first-supersedes": ("a first invitation that supersedes another", {"supersedes": "cd" * 16}),
        "invitation-second-supersedes-none": ("a re-issue that supersedes none", {"sequence": 2, "previous": "ab" * 32, "subject": "cd" * 16}),
        "invitation-second-own-line": ("a re-issue on a line of its own", {"sequence": 2, "previous": "ab" * 32, "supersedes": "cd" * 16}),
        "invitation-login-key-short": ("a login key of 31 bytes", {"claim_login_key": "A" * 42 + "=="}),
        "binding-subject": ("a binding on another line than its invitation's", {"subject": "cd" * 16}),
        "binding-second": ("a second binding", {"sequence": 2, "previous": "ab" * 32}),
        "binding-identity-fingerprint": ("a fingerprint where the public keys belong", {"identity": "ab" * 32}),
        "attestation-subject": ("an attestation on another line than its invitation's", {"subject": "cd" * 16}),
        "attestation-address": ("an address without @", {"address": "jeanne"}),
    }  # fmt: skip

    def kind_of(name: str) -> str:
        return name.partition("-")[0]

    return [
        *(
            accept(f"statement/{kind}", f"the payload of a {kind} statement", spelt(value), kind=kind)
            for kind, value in right.items()
        ),
        *(
            accept(f"statement/{name}", what, spelt(right[kind_of(name)] | change), kind=kind_of(name))
            for name, (what, change) in good.items()
        ),
        *(
            refuse(f"statement/{name}", f"refused: {what}", spelt(right[kind_of(name)] | change), kind=kind_of(name))
            for name, (what, change) in bad.items()
        ),
        *(
            refuse(
                f"statement/{kind}-without-{field.replace('_', '-')}",
                f"a {kind} statement without {field} is refused",
                spelt({key: item for key, item in right[kind].items() if key != field}),
                kind=kind,
            )
            for kind, field in (
                ("organisation", "previous"),
                ("member", "rpps"),
                ("invitation", "supersedes"),
                ("binding", "bound_at"),
                ("attestation", "address"),
            )
        ),
        refuse("statement/not-canonical", "refused: a payload that is not canonical", json.dumps(right["attestation"]).encode(), kind="attestation"),
        refuse("statement/padded", "refused: a payload with a space behind it", spelt(right["attestation"]) + b" ", kind="attestation"),
        refuse("statement/other-kind", "refused: a statement of another kind", spelt(right["attestation"]), kind="binding"),
        refuse("statement/empty", "refused: nothing at all", b"", kind="organisation"),
    ]  # fmt: skip
