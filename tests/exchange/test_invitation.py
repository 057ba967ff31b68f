"""Who invites, and how an invitation continues the one that it replaces."""

import pytest
from exchange.people import DAY, NOW, Practice, make_practice

from souspli_exchange.binding import OwnCopy
from souspli_exchange.errors import ExchangeUsageError, SenderRefusedError
from souspli_exchange.invitation import draw_invitation
from souspli_keys.errors import PersonError
from souspli_keys.statements import Role


def test_who_may_not_invite_can_t(practice: Practice) -> None:
    over = make_practice(not_after=NOW - 1)
    with pytest.raises(SenderRefusedError):
        over.invite()
    with pytest.raises(ExchangeUsageError):
        draw_invitation(practice.sender, surnames=[], birth_date="1950-02-00", now=NOW)
    with pytest.raises(ExchangeUsageError):
        draw_invitation(
            practice.sender, surnames=["A"], birth_date="1950-02-00", now=NOW, validity=31 * DAY
        )
    with pytest.raises(PersonError):
        draw_invitation(practice.sender, surnames=["…"], birth_date="1950-02-00", now=NOW)


def test_a_bridge_may_invite_if_its_statement_says_so() -> None:
    assert make_practice(role=Role.BRIDGE).invite().record


def test_a_new_invitation_prints_no_secret(practice: Practice) -> None:
    invitation = practice.invite()
    assert invitation.code.secret_symbols() not in repr(invitation)
    assert repr(invitation) == "NewInvitation(…)"


def test_a_re_issue_continues_the_line(practice: Practice) -> None:
    first = OwnCopy(practice.invite().record)
    second = OwnCopy(practice.invite(now=NOW + DAY, supersedes=first).record).invitation
    assert second.line.issued_at == NOW + DAY
    assert second.line.subject == first.invitation_id
    assert second.line.sequence == 2
    assert second.line.previous == first.record.payload_hash
    assert second.supersedes == first.invitation_id
