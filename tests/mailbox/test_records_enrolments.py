"""What the rows say of enrolments (docs/specs/enrolment.md §5)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from simulation.rows import DAY, NOW, Practice, Rows, hex32, hex64

from souspli_keys.codes import draw_enrolment_handle
from souspli_mailbox.records import enrolments
from souspli_mailbox.records.enrolments import MOST_WAITING, EnrolmentStatus, NewEnrolment
from souspli_mailbox.records.errors import EnrolmentDiffersError, QuotaReachedError


def new_enrolment(practice: Practice, address: str = "pont@labo.example") -> NewEnrolment:
    return NewEnrolment(
        enrolment_id=hex32(),
        handle=draw_enrolment_handle(),
        organisation=practice.organisation.fingerprint,
        member=practice.member.fingerprint,
        address=address,
        record_hash=hex64(),
        not_after=NOW + 7 * DAY,
        envelope=b"record",
    )


def publish(rows: Rows, enrolment: NewEnrolment, *, now: int = NOW) -> EnrolmentStatus:
    return rows.database.write_now(enrolments.publish_enrolment, enrolment=enrolment, now=now)


def test_the_same_again_is_the_same_and_other_bytes_are_refused(rows: Rows) -> None:
    practice = rows.admit()
    enrolment = new_enrolment(practice)
    assert publish(rows, enrolment) is EnrolmentStatus.OPEN
    assert publish(rows, enrolment) is EnrolmentStatus.OPEN
    for other in (
        replace(enrolment, record_hash=hex64()),
        replace(enrolment, handle=draw_enrolment_handle()),
        replace(enrolment, enrolment_id=hex32(), address="other@labo.example"),
    ):
        with pytest.raises(EnrolmentDiffersError):
            publish(rows, other)


def test_an_organisation_waits_for_a_hundred_at_most(rows: Rows) -> None:
    practice, other = rows.admit(), rows.admit("other@example.org")

    def fill(connection: object) -> None:
        for number in range(MOST_WAITING):
            enrolments.publish_enrolment(
                connection,  # type: ignore[arg-type]  # a unit's own
                enrolment=new_enrolment(practice, f"{number}@labo.example"),
                now=NOW,
            )

    rows.database.write_now(fill)
    with pytest.raises(QuotaReachedError):
        publish(rows, new_enrolment(practice))
    # In the place of one of them there is room; others have room of their own.
    publish(rows, new_enrolment(practice, "7@labo.example"))
    publish(rows, new_enrolment(other))
    # Those that are over don't count, swept or not.
    late = replace(new_enrolment(practice), not_after=NOW + 20 * DAY)
    assert publish(rows, late, now=NOW + 8 * DAY) is EnrolmentStatus.OPEN
