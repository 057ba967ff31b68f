"""Vectors of statements.md: payloads, chains, invitations, bindings, attestations."""

import json
from dataclasses import replace
from typing import Any

from vectors.making import (
    SignatureStore,
    VectorSigner,
    accept,
    bytes_for,
    json_body,
    refuse,
)
from vectors.reader import Vector

from souspli_keys import dsse
from souspli_keys.address import Address, Origin
from souspli_keys.dsse import Envelope
from souspli_keys.public import Fingerprint
from souspli_keys.statements import (
    Attestation,
    Binding,
    Gate,
    Invitation,
    Line,
    Member,
    Organisation,
    Role,
    Statement,
)
from souspli_keys.unlockers import LoginKey

ORIGIN = Origin("souspli.localhost")
DAY = 86_400
START = 1_800_000_000
INVITED = START + 10 * DAY
BOUND = INVITED + DAY
ATTESTED = BOUND + DAY

Json = dict[str, Any]  # payloads are taken apart and altered


def statement_vectors(store: SignatureStore) -> list[Vector]:
    """Return all of them."""
    cast = Cast(store)
    return [
        *_payloads(cast),
        *_chains(cast),
        *_invitations(cast),
        *_bindings(cast),
        *_attestations(cast),
    ]


class Cast:
    """A practice, its first member, a patient, and what they say when all goes well."""

    def __init__(self, store: SignatureStore) -> None:
        self.root = VectorSigner("practice", store)
        self.doctor = VectorSigner("doctor", store)
        self.claim = VectorSigner("claim", store)
        self.patient = VectorSigner("patient", store)
        self.stranger = VectorSigner("stranger", store)
        self.invitation_id = bytes_for("invitation", 16).hex()
        self.organisation = Organisation(
            line=self.line("organisation", issued_at=START),
            name="Cabinet médical des Tilleuls",
            phone="01 23 45 67 89",
            postal_address=("12 rue des Tilleuls", "69000 LYON"),
            root=self.root.public,
        )
        self.member = Member(
            line=self.line("member", issued_at=START),
            organisation=self.root.public.fingerprint,
            member=self.doctor.public,
            name="Dr Claire d’Alençon",
            address=Address("claire@tilleuls.example"),
            role=Role.PRACTITIONER,
            rpps="10003456786",
            may_invite=True,
            not_before=START,
            not_after=START + 366 * DAY,
        )
        self.invitation = Invitation(
            line=self.line("invitation", issued_at=INVITED, subject=self.invitation_id),
            invitation_id=self.invitation_id,
            organisation=self.root.public.fingerprint,
            member=self.doctor.public.fingerprint,
            claim_identity=self.claim.public,
            claim_login_key=LoginKey(bytes_for("claim login")).public_key,
            gate=Gate.EMAIL,
            not_before=INVITED,
            not_after=INVITED + 30 * DAY,
            supersedes=None,
        )
        self.binding = Binding(
            line=self.line("binding", issued_at=BOUND, subject=self.invitation_id),
            invitation_id=self.invitation_id,
            record_hash=_unsigned(self.invitation).payload_hash,
            identity=self.patient.public,
            bound_at=BOUND,
        )
        self.attestation = Attestation(
            line=self.line("attestation", issued_at=ATTESTED, subject=self.invitation_id),
            organisation=self.root.public.fingerprint,
            member=self.doctor.public.fingerprint,
            invitation_id=self.invitation_id,
            binding_hash=_unsigned(self.binding).payload_hash,
            identity=self.patient.public.fingerprint,
            address=Address("jeanne@orange.example"),
        )

    @staticmethod
    def line(name: str, *, issued_at: int, subject: str | None = None) -> Line:
        """Return the beginning of a line whose random parts come from a name."""
        return Line(
            origin=ORIGIN,
            subject=subject or bytes_for(f"subject {name}", 16).hex(),
            sequence=1,
            previous=None,
            salt=bytes_for(f"salt {name}", 16).hex(),
            issued_at=issued_at,
        )

    def statements(self) -> dict[str, Statement]:
        """Return one of each kind."""
        return {
            "organisation": self.organisation,
            "member": self.member,
            "invitation": self.invitation,
            "binding": self.binding,
            "attestation": self.attestation,
        }


def _unsigned(statement: Statement) -> Envelope:
    return Envelope(statement.payload_type, statement.to_payload(), b"", b"")


def _sign(statement: Statement, signer: VectorSigner) -> Envelope:
    return dsse.sign(statement.payload_type, statement.to_payload(), signer)


def _elsewhere(statement: Any) -> Any:
    return replace(statement, line=replace(statement.line, origin=Origin("souspli.example")))


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


def _chains(cast: Cast) -> list[Vector]:
    organisation = _sign(cast.organisation, cast.root)
    member = _sign(cast.member, cast.root)
    headers: Json = {
        "organisation": cast.root.public.fingerprint,
        "origin": ORIGIN,
        "at": START + DAY,
    }

    def right(name: str, what: str, at: int) -> Vector:
        body = json_body({"organisation": organisation.to_json(), "member": member.to_json()})
        found = {"member": cast.doctor.public.fingerprint}
        return accept(f"chain/{name}", what, body, **(headers | {"at": at} | found))

    def wrong(
        name: str,
        what: str,
        reason: str,
        *,
        organisation: Envelope = organisation,
        member: Envelope = member,
        **changed: str | int,
    ) -> Vector:
        body = json_body({"organisation": organisation.to_json(), "member": member.to_json()})
        return refuse(
            f"chain/{name}", f"refused: {what}", body, reason=reason, **(headers | changed)
        )

    strangers = _sign(replace(cast.organisation, root=cast.stranger.public), cast.stranger)
    return [
        right("right", "a member of an organisation that the reader trusts", START + DAY),
        right("first-second", "the membership's first second belongs to it", START),
        right("last-second", "the membership's last second belongs to it", START + 366 * DAY),
        wrong("too-early", "a moment before the membership", "dates", at=START - 1),
        wrong("too-late", "a moment after the membership", "dates", at=START + 366 * DAY + 1),
        wrong("other-organisation", "an organisation that the reader does not trust", "chain", organisation=strangers),
        wrong("organisation-not-by-root", "an organisation statement that another identity signed", "signature", organisation=_sign(cast.organisation, cast.stranger)),
        wrong("member-not-by-root", "a member statement that a stranger signed", "signature", member=_sign(cast.member, cast.stranger)),
        wrong("member-by-itself", "a member statement that the member signed", "signature", member=_sign(cast.member, cast.doctor)),
        wrong("member-of-other", "a member statement that names another organisation", "chain", member=_sign(replace(cast.member, organisation=cast.stranger.public.fingerprint), cast.root)),
        wrong("member-is-root", "a root that certifies itself as a member", "role", member=_sign(replace(cast.member, member=cast.root.public), cast.root)),
        wrong("other-origin", "statements for another service than mine", "chain", origin="souspli.example"),
        wrong("member-other-origin", "a member statement for another service", "chain", member=_sign(_elsewhere(cast.member), cast.root)),
        wrong("swapped", "a member statement in the place of the organisation's", "schema", organisation=member),
        wrong("member-is-organisation", "an organisation statement in the place of the member's", "signature", member=organisation),
    ]  # fmt: skip


def _invitations(cast: Cast) -> list[Vector]:
    organisation = _sign(cast.organisation, cast.root)
    member = _sign(cast.member, cast.root)
    record = _sign(cast.invitation, cast.doctor)
    headers: Json = {
        "organisation": cast.root.public.fingerprint,
        "origin": ORIGIN,
        "now": INVITED + DAY,
    }

    def body(record: Envelope, member: Envelope) -> bytes:
        return json_body(
            {
                "organisation": organisation.to_json(),
                "member": member.to_json(),
                "record": record.to_json(),
            }
        )

    def right(
        name: str,
        what: str,
        record: Envelope = record,
        member: Envelope = member,
        now: int = INVITED + DAY,
    ) -> Vector:
        found = {"record_hash": record.payload_hash}
        return accept(f"invitation/{name}", what, body(record, member), **(headers | {"now": now} | found))  # fmt: skip

    def wrong(
        name: str,
        what: str,
        reason: str,
        record: Envelope = record,
        *,
        member: Envelope = member,
        **changed: str | int,
    ) -> Vector:
        return refuse(
            f"invitation/{name}",
            f"refused: {what}",
            body(record, member),
            reason=reason,
            **(headers | changed),
        )

    def membership(**changed: object) -> Envelope:
        return _sign(replace(cast.member, **changed), cast.root)  # type: ignore[arg-type]  # any field

    late = replace(
        cast.invitation, line=replace(cast.invitation.line, issued_at=START + 366 * DAY + 1)
    )
    return [
        right("right", "an invitation by a member who may invite"),
        right("first-second", "the invitation's first second belongs to it", now=INVITED),
        right("last-second", "the invitation's last second belongs to it", now=INVITED + 30 * DAY),
        right("bridge", "a bridge may invite if its statement says so", member=membership(role=Role.BRIDGE)),
        wrong("too-early", "a moment before the invitation", "dates", now=INVITED - 1),
        wrong("too-late", "a moment after the invitation", "dates", now=INVITED + 30 * DAY + 1),
        wrong("may-not-invite", "a member who may not invite", "role", member=membership(may_invite=False)),
        wrong("signed-after-membership", "an invitation signed after the membership", "dates", _sign(late, cast.doctor)),
        wrong("by-root", "an invitation that the root signed", "signature", _sign(cast.invitation, cast.root)),
        wrong("by-stranger", "an invitation that a stranger signed", "signature", _sign(cast.invitation, cast.stranger)),
        wrong("names-other-member", "an invitation that names another member", "chain", _sign(replace(cast.invitation, member=cast.stranger.public.fingerprint), cast.doctor)),
        wrong("names-other-organisation", "an invitation that names another organisation", "chain", _sign(replace(cast.invitation, organisation=cast.stranger.public.fingerprint), cast.doctor)),
        wrong("other-origin", "an invitation for another service", "chain", _sign(_elsewhere(cast.invitation), cast.doctor)),
        wrong("other-organisation", "an organisation that the letter does not name", "chain", organisation=cast.stranger.public.fingerprint),
    ]  # fmt: skip


def _bindings(cast: Cast) -> list[Vector]:
    def body(
        by_claim: Envelope, by_identity: Envelope, record: Invitation = cast.invitation
    ) -> bytes:
        return json_body(
            {
                "record": _sign(record, cast.doctor).to_json(),
                "by_claim": by_claim.to_json(),
                "by_identity": by_identity.to_json(),
            }
        )

    def both(binding: Binding, by: VectorSigner = cast.patient) -> bytes:
        return body(_sign(binding, cast.claim), _sign(binding, by))

    def right(name: str, what: str, binding: Binding) -> Vector:
        return accept(
            f"binding/{name}",
            what,
            both(binding),
            binding_hash=_unsigned(binding).payload_hash,
            identity=binding.identity.fingerprint,
        )

    def wrong(name: str, what: str, reason: str, content: bytes) -> Vector:
        return refuse(f"binding/{name}", f"refused: {what}", content, reason=reason)

    start, end = cast.invitation.not_before, cast.invitation.not_after
    binding = cast.binding
    salted = replace(binding, line=replace(binding.line, salt="0" * 32))
    claims_own = replace(binding, identity=cast.claim.public)
    other_id = "cd" * 16
    return [
        right("right", "a binding by the claim identity and the new one", binding),
        right("first-second", "the invitation's first second belongs to it", replace(binding, bound_at=start)),
        right("last-second", "an hour after the invitation is still allowed", replace(binding, bound_at=end + 3_600)),
        wrong("too-early", "bound before the invitation", "dates", both(replace(binding, bound_at=start - 1))),
        wrong("too-late", "bound more than an hour after the invitation", "dates", both(replace(binding, bound_at=end + 3_601))),
        wrong("two-payloads", "two envelopes over different payloads", "chain", body(_sign(binding, cast.claim), _sign(salted, cast.patient))),
        wrong("not-by-claim", "nobody who held the letter signed", "signature", body(_sign(binding, cast.stranger), _sign(binding, cast.patient))),
        wrong("not-by-identity", "the new identity did not sign", "signature", both(binding, cast.stranger)),
        wrong("claim-twice", "the claim identity signed twice", "signature", both(binding, cast.claim)),
        wrong("swapped", "the envelopes in the other order", "signature", body(_sign(binding, cast.patient), _sign(binding, cast.claim))),
        wrong("to-itself", "a claim identity bound to itself", "chain", both(claims_own, cast.claim)),
        wrong("other-record", "a binding for another record", "chain", both(replace(binding, record_hash="ab" * 32))),
        wrong("other-invitation", "a binding for another invitation", "chain", both(replace(binding, invitation_id=other_id, line=replace(binding.line, subject=other_id)))),
        wrong("other-origin", "a binding for another service", "chain", both(_elsewhere(binding))),
    ]  # fmt: skip


def _attestations(cast: Cast) -> list[Vector]:
    organisation = _sign(cast.organisation, cast.root)
    binding = _sign(cast.binding, cast.patient)
    headers: Json = {"organisation": cast.root.public.fingerprint, "origin": ORIGIN}

    def body(attestation: Envelope, member: Member, binding: Envelope) -> bytes:
        return json_body(
            {
                "organisation": organisation.to_json(),
                "member": _sign(member, cast.root).to_json(),
                "binding": binding.to_json(),
                "attestation": attestation.to_json(),
            }
        )

    def wrong(
        name: str,
        what: str,
        reason: str,
        attestation: Envelope,
        *,
        member: Member = cast.member,
        binding: Envelope = binding,
    ) -> Vector:
        content = body(attestation, member, binding)
        return refuse(f"attestation/{name}", f"refused: {what}", content, reason=reason, **headers)

    right = _sign(cast.attestation, cast.doctor)
    strangers = Fingerprint(cast.stranger.public.fingerprint)

    def changed(**fields: object) -> Envelope:
        return _sign(replace(cast.attestation, **fields), cast.doctor)  # type: ignore[arg-type]  # any field

    other = _sign(replace(cast.binding, identity=cast.stranger.public), cast.stranger)
    late = replace(cast.attestation.line, issued_at=START + 366 * DAY + 1)
    return [
        accept(
            "attestation/right",
            "a member attests a binding",
            body(right, cast.member, binding),
            address=cast.attestation.address,
            **headers,
        ),
        wrong("bridge", "a bridge attests nothing", "role", right, member=replace(cast.member, role=Role.BRIDGE)),
        wrong("by-stranger", "an attestation that a stranger signed", "signature", _sign(cast.attestation, cast.stranger)),
        wrong("by-root", "an attestation that the root signed", "signature", _sign(cast.attestation, cast.root)),
        wrong("other-binding", "an attestation of another binding", "chain", right, binding=other),
        wrong("other-binding-hash", "an attestation that names another binding of the same identity", "chain", changed(binding_hash="ab" * 32)),
        wrong("other-invitation", "an attestation that names another invitation", "chain", changed(invitation_id="cd" * 16, line=replace(cast.attestation.line, subject="cd" * 16))),
        wrong("other-identity", "an attestation that names another identity", "chain", changed(identity=strangers)),
        wrong("names-other-member", "an attestation that names another member", "chain", changed(member=strangers)),
        wrong("names-other-organisation", "an attestation that names another organisation", "chain", changed(organisation=strangers)),
        wrong("signed-after-membership", "an attestation signed after the membership", "dates", changed(line=late)),
        wrong("other-origin", "an attestation for another service", "chain", _sign(_elsewhere(cast.attestation), cast.doctor)),
    ]  # fmt: skip
