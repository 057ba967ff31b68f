"""Vectors of statements.md: members of an organisation, and invitations by them."""

from dataclasses import replace
from typing import Any

from vectors.cast import DAY, INVITED, ORIGIN, START, Cast, elsewhere, sign
from vectors.making import accept, json_body, refuse
from vectors.reader import Vector

from souspli_keys.dsse import Envelope
from souspli_keys.statements import Role


def chain_vectors(cast: Cast) -> list[Vector]:
    """Return those of a member and an organisation."""
    organisation = sign(cast.organisation, cast.root)
    member = sign(cast.member, cast.root)
    headers: dict[str, Any] = {
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

    strangers = sign(replace(cast.organisation, root=cast.stranger.public), cast.stranger)
    return [
        right("right", "a member of an organisation that the reader trusts", START + DAY),
        right("first-second", "the membership's first second belongs to it", START),
        right("last-second", "the membership's last second belongs to it", START + 366 * DAY),
        wrong("too-early", "a moment before the membership", "dates", at=START - 1),
        wrong("too-late", "a moment after the membership", "dates", at=START + 366 * DAY + 1),
        wrong("other-organisation", "an organisation that the reader does not trust", "chain", organisation=strangers),
        wrong("organisation-not-by-root", "an organisation statement that another identity signed", "signature", organisation=sign(cast.organisation, cast.stranger)),
        wrong("member-not-by-root", "a member statement that a stranger signed", "signature", member=sign(cast.member, cast.stranger)),
        wrong("member-by-itself", "a member statement that the member signed", "signature", member=sign(cast.member, cast.doctor)),
        wrong("member-of-other", "a member statement that names another organisation", "chain", member=sign(replace(cast.member, organisation=cast.stranger.public.fingerprint), cast.root)),
        wrong("member-is-root", "a root that certifies itself as a member", "role", member=sign(replace(cast.member, member=cast.root.public), cast.root)),
        wrong("other-origin", "statements for another service than mine", "chain", origin="souspli.example"),
        wrong("member-other-origin", "a member statement for another service", "chain", member=sign(elsewhere(cast.member), cast.root)),
        wrong("swapped", "a member statement in the place of the organisation's", "schema", organisation=member),
        wrong("member-is-organisation", "an organisation statement in the place of the member's", "signature", member=organisation),
    ]  # fmt: skip


def invitation_vectors(cast: Cast) -> list[Vector]:
    """Return those of an invitation and who made it."""
    organisation = sign(cast.organisation, cast.root)
    member = sign(cast.member, cast.root)
    record = sign(cast.invitation, cast.doctor)
    headers: dict[str, Any] = {
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
        return sign(replace(cast.member, **changed), cast.root)  # type: ignore[arg-type]  # any field

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
        wrong("signed-after-membership", "an invitation signed after the membership", "dates", sign(late, cast.doctor)),
        wrong("by-root", "an invitation that the root signed", "signature", sign(cast.invitation, cast.root)),
        wrong("by-stranger", "an invitation that a stranger signed", "signature", sign(cast.invitation, cast.stranger)),
        wrong("names-other-member", "an invitation that names another member", "chain", sign(replace(cast.invitation, member=cast.stranger.public.fingerprint), cast.doctor)),
        wrong("names-other-organisation", "an invitation that names another organisation", "chain", sign(replace(cast.invitation, organisation=cast.stranger.public.fingerprint), cast.doctor)),
        wrong("other-origin", "an invitation for another service", "chain", sign(elsewhere(cast.invitation), cast.doctor)),
        wrong("other-organisation", "an organisation that the letter does not name", "chain", organisation=cast.stranger.public.fingerprint),
    ]  # fmt: skip
