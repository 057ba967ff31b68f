"""Vectors of statements.md: bindings, and colleagues who attest them."""

from dataclasses import replace
from typing import Any

from vectors.cast import DAY, ORIGIN, START, Cast, elsewhere, sign, unsigned
from vectors.making import VectorSigner, accept, json_body, refuse
from vectors.reader import Vector

from souspli_keys.dsse import Envelope
from souspli_keys.public import Fingerprint
from souspli_keys.statements import Binding, Invitation, Member, Role


def binding_vectors(cast: Cast) -> list[Vector]:
    """Return those of a binding and its invitation."""

    def body(
        by_claim: Envelope, by_identity: Envelope, record: Invitation = cast.invitation
    ) -> bytes:
        return json_body(
            {
                "record": sign(record, cast.doctor).to_json(),
                "by_claim": by_claim.to_json(),
                "by_identity": by_identity.to_json(),
            }
        )

    def both(binding: Binding, by: VectorSigner = cast.patient) -> bytes:
        return body(sign(binding, cast.claim), sign(binding, by))

    def right(name: str, what: str, binding: Binding) -> Vector:
        return accept(
            f"binding/{name}",
            what,
            both(binding),
            binding_hash=unsigned(binding).payload_hash,
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
        wrong("two-payloads", "two envelopes over different payloads", "chain", body(sign(binding, cast.claim), sign(salted, cast.patient))),
        wrong("not-by-claim", "nobody who held the letter signed", "signature", body(sign(binding, cast.stranger), sign(binding, cast.patient))),
        wrong("not-by-identity", "the new identity did not sign", "signature", both(binding, cast.stranger)),
        wrong("claim-twice", "the claim identity signed twice", "signature", both(binding, cast.claim)),
        wrong("swapped", "the envelopes in the other order", "signature", body(sign(binding, cast.patient), sign(binding, cast.claim))),
        wrong("to-itself", "a claim identity bound to itself", "chain", both(claims_own, cast.claim)),
        wrong("other-record", "a binding for another record", "chain", both(replace(binding, record_hash="ab" * 32))),
        wrong("other-invitation", "a binding for another invitation", "chain", both(replace(binding, invitation_id=other_id, line=replace(binding.line, subject=other_id)))),
        wrong("other-origin", "a binding for another service", "chain", both(elsewhere(binding))),
    ]  # fmt: skip


def attestation_vectors(cast: Cast) -> list[Vector]:
    """Return those of an attestation and its binding."""
    organisation = sign(cast.organisation, cast.root)
    binding = sign(cast.binding, cast.patient)
    headers: dict[str, Any] = {"organisation": cast.root.public.fingerprint, "origin": ORIGIN}

    def body(attestation: Envelope, member: Member, binding: Envelope) -> bytes:
        return json_body(
            {
                "organisation": organisation.to_json(),
                "member": sign(member, cast.root).to_json(),
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

    right = sign(cast.attestation, cast.doctor)
    strangers = Fingerprint(cast.stranger.public.fingerprint)

    def changed(**fields: object) -> Envelope:
        return sign(replace(cast.attestation, **fields), cast.doctor)  # type: ignore[arg-type]  # any field

    other = sign(replace(cast.binding, identity=cast.stranger.public), cast.stranger)
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
        wrong("by-stranger", "an attestation that a stranger signed", "signature", sign(cast.attestation, cast.stranger)),
        wrong("by-root", "an attestation that the root signed", "signature", sign(cast.attestation, cast.root)),
        wrong("other-binding", "an attestation of another binding", "chain", right, binding=other),
        wrong("other-binding-hash", "an attestation that names another binding of the same identity", "chain", changed(binding_hash="ab" * 32)),
        wrong("other-invitation", "an attestation that names another invitation", "chain", changed(invitation_id="cd" * 16, line=replace(cast.attestation.line, subject="cd" * 16))),
        wrong("other-identity", "an attestation that names another identity", "chain", changed(identity=strangers)),
        wrong("names-other-member", "an attestation that names another member", "chain", changed(member=strangers)),
        wrong("names-other-organisation", "an attestation that names another organisation", "chain", changed(organisation=strangers)),
        wrong("signed-after-membership", "an attestation signed after the membership", "dates", changed(line=late)),
        wrong("other-origin", "an attestation for another service", "chain", sign(elsewhere(cast.attestation), cast.doctor)),
    ]  # fmt: skip
