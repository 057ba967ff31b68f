"""From the letter to an account: what each gate lets through."""

from dataclasses import replace

import pytest
from exchange.faults import Fault
from exchange.people import DAY, NOW, ORIGIN, Practice
from exchange.simulated_patient import PatientConnection
from exchange.world import AT_ONCE, PASSWORD, World, answer_of, ask_code, letter_of

from souspli_exchange.binding import OwnCopy
from souspli_exchange.claim import Claiming, Letter, Person, claim, open_letter
from souspli_exchange.errors import InvitationRefusedError
from souspli_exchange.ids import InvitationId, new_invitation_id
from souspli_exchange.port_errors import (
    AccountNumberTakenError,
    CodeWrongError,
    InvitationExpiredError,
    InvitationSupersededError,
    InvitationUsedError,
    PersonWrongError,
    SignatureRefusedError,
)
from souspli_exchange.ports.accounts import NewAccount
from souspli_exchange.ports.claim import BoundAccount, LetterLookup, MailedCode
from souspli_exchange.ports.statements import BindingEnvelopes
from souspli_exchange.ports.states import InvitationStatus
from souspli_keys.errors import CodeCheckError, PersonError
from souspli_keys.login import UnlockerKind
from souspli_keys.statements import sign_statement
from souspli_keys.unlockers import from_password
from souspli_keys.vault import open_vault, unwrap_vault_key

# record, nonce, prove, mail, code, person, bind.
REPEATED_BY_ITSELF = (0, 1, 2, 6)

ME = Person("Martin", "1950-02-00")


async def test_a_claim_gives_a_vault_that_the_password_opens(world: World) -> None:
    patient = await world.claim(await world.invite())
    [(account, _)] = world.service.accounts.values()
    [kept] = account.unlockers
    number = patient.account.vault.account
    unlocker = from_password(PASSWORD, origin=ORIGIN, account=number)
    assert account.account_number == number
    assert (kept.kind, kept.login_public_key) == ("password", unlocker.login_key.public_key)
    vault_key = unwrap_vault_key(
        kept.wrapped_vault_key,
        wrap_key=unlocker.wrap_key,
        account=number,
        kind=UnlockerKind.PASSWORD,
        unlocker_id=kept.unlocker_id,
    )
    vault = open_vault(
        account.sealed_vault, vault_key=vault_key, account=number, generation=1, seen_generation=0
    )
    assert vault.identity.public == patient.account.vault.identity.public
    assert [pin.fingerprint for pin in vault.pinned] == [world.practice.fingerprint]
    assert [claim.keep_until for claim in vault.claims] == [NOW - 300 + 37 * DAY]


def test_who_claims_is_not_printed() -> None:
    assert repr(ME) == "Person(…)"


@pytest.mark.parametrize("fault", Fault)
@pytest.mark.parametrize("call", REPEATED_BY_ITSELF)
async def test_a_passing_fault_does_not_stop_a_claim(world: World, call: int, fault: Fault) -> None:
    await world.claim(await world.invite(), faults={call: fault})
    assert len(world.service.accounts) == 1


async def test_a_typed_letter_number_and_code_do_the_same_as_the_qr_code(world: World) -> None:
    invitation = await world.invite()
    lookup = await PatientConnection(world.service).look_up_letter(invitation.letter_number)
    letter = Letter.from_typed(lookup, invitation.code.secret_written().lower())
    open_letter(letter, answer_of(world.practice, invitation), origin=ORIGIN, now=NOW)


def test_a_misread_symbol_is_noticed_before_any_request(practice: Practice) -> None:
    code = practice.invite().code.secret_symbols()
    other = ("3" if code[0] != "3" else "4") + code[1:]
    with pytest.raises(CodeCheckError):
        Letter.from_typed(LetterLookup(new_invitation_id(), practice.fingerprint), other)


@pytest.mark.parametrize(
    "fragment", ["", "2.a.b.c", "1.xx.yy.zz", "1." + "0" * 32 + "." + "0" * 64, "1...", "é.1.2.3"]
)
def test_what_is_not_a_letter_s_address_is_refused(fragment: str) -> None:
    with pytest.raises(InvitationRefusedError):
        Letter.from_fragment(fragment)


async def test_a_wrong_code_ends_before_anything_derived_from_it_is_sent(world: World) -> None:
    invitation, other = await world.invite(), world.practice.invite()
    letter = Letter(invitation.invitation_id, invitation.organisation, other.code)
    with pytest.raises(InvitationRefusedError):
        open_letter(letter, answer_of(world.practice, invitation), origin=ORIGIN, now=NOW)


def test_a_service_that_substitutes_another_organisation_gets_nothing(
    practice: Practice, stranger: Practice
) -> None:
    invitation, forged = practice.invite(), stranger.invite()
    letter = letter_of(invitation)
    with pytest.raises(InvitationRefusedError):
        open_letter(letter, answer_of(stranger, forged), origin=ORIGIN, now=NOW)
    misled = Letter(forged.invitation_id, stranger.fingerprint, invitation.code)
    with pytest.raises(InvitationRefusedError):
        open_letter(misled, answer_of(stranger, forged), origin=ORIGIN, now=NOW)


def test_an_invitation_under_another_id_is_refused(practice: Practice) -> None:
    invitation, other = practice.invite(), practice.invite()
    with pytest.raises(InvitationRefusedError):
        open_letter(letter_of(invitation), answer_of(practice, other), origin=ORIGIN, now=NOW)
    # Even with the letter's own keys in it, properly signed.
    record = OwnCopy(invitation.record).invitation
    other_id = new_invitation_id()
    line = replace(record.line, subject=other_id)
    renamed = sign_statement(
        replace(record, invitation_id=other_id, line=line), practice.sender.identity
    )
    answer = replace(answer_of(practice, invitation), record=renamed)
    with pytest.raises(InvitationRefusedError):
        open_letter(letter_of(invitation), answer, origin=ORIGIN, now=NOW)


@pytest.mark.parametrize("now", [NOW - 301, NOW + 30 * DAY])
def test_a_letter_opens_nothing_outside_its_time(practice: Practice, now: int) -> None:
    invitation = practice.invite()
    with pytest.raises(InvitationRefusedError):
        open_letter(letter_of(invitation), answer_of(practice, invitation), origin=ORIGIN, now=now)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (InvitationStatus.CLAIMED, InvitationUsedError),
        (InvitationStatus.SUPERSEDED, InvitationSupersededError),
        (InvitationStatus.EXPIRED, InvitationExpiredError),
    ],
)
async def test_a_letter_that_is_no_longer_good_says_why(
    world: World, status: InvitationStatus, error: type[Exception]
) -> None:
    invitation = await world.invite()
    world.service.invitations[invitation.invitation_id].status = status
    with pytest.raises(error):
        await world.claim(invitation)


async def test_each_gate_stops_who_does_not_pass_it(world: World) -> None:
    invitation = await world.invite()

    async def wrong_code(_mailed: object) -> str:
        return "000000"

    claiming = Claiming(PatientConnection(world.service), ORIGIN, ask_code, AT_ONCE)
    letter = letter_of(invitation)
    with pytest.raises(CodeWrongError):
        await claim(replace(claiming, ask_code=wrong_code), letter, ME, password=PASSWORD, now=NOW)
    with pytest.raises(PersonWrongError):
        await claim(claiming, letter, Person("Martin", "1950-02-01"), password=PASSWORD, now=NOW)
    with pytest.raises(PersonError):
        await claim(claiming, letter, Person("…", "1950-02-00"), password=PASSWORD, now=NOW)
    forged = PatientConnection(world.service)
    nonce = await forged.claim_nonce(invitation.invitation_id)
    with pytest.raises(SignatureRefusedError):
        await forged.prove(invitation.invitation_id, nonce=nonce.nonce, signature=bytes(64))
    assert not world.service.accounts


async def test_the_other_surname_passes_as_well(world: World) -> None:
    claiming = Claiming(PatientConnection(world.service), ORIGIN, ask_code, AT_ONCE)
    me = Person("le goff œuvrard", "1950-02-00")
    await claim(claiming, letter_of(await world.invite()), me, password=PASSWORD, now=NOW)


class Taken(PatientConnection):
    """A connection that refuses the first few account numbers."""

    def __init__(self, world: World, *, refused: int) -> None:
        super().__init__(world.service)
        self.refused = refused
        self.tried: list[str] = []

    async def bind(
        self, invitation_id: InvitationId, *, account: NewAccount, binding: BindingEnvelopes
    ) -> BoundAccount:
        self.tried.append(account.account_number)
        if len(self.tried) <= self.refused:
            raise AccountNumberTakenError("taken")
        return await super().bind(invitation_id, account=account, binding=binding)


async def test_an_account_number_that_is_taken_is_drawn_again(world: World) -> None:
    letter, taken = letter_of(await world.invite()), Taken(world, refused=4)
    claiming = Claiming(taken, ORIGIN, ask_code, AT_ONCE)
    account = await claim(claiming, letter, ME, password=PASSWORD, now=NOW)
    assert len(set(taken.tried)) == 5
    assert account.vault.account == taken.tried[-1]


async def test_a_service_that_refuses_five_account_numbers_is_given_up(world: World) -> None:
    letter, taken = letter_of(await world.invite()), Taken(world, refused=5)
    claiming = Claiming(taken, ORIGIN, ask_code, AT_ONCE)
    with pytest.raises(AccountNumberTakenError):
        await claim(claiming, letter, ME, password=PASSWORD, now=NOW)
    assert len(taken.tried) == 5


async def test_who_types_the_code_is_told_where_it_was_mailed_to(world: World) -> None:
    told: list[MailedCode] = []

    async def ask(mailed: MailedCode) -> str:
        told.append(mailed)
        return PatientConnection.CODE

    claiming = Claiming(PatientConnection(world.service), ORIGIN, ask, AT_ONCE)
    letter = letter_of(await world.invite())
    await claim(claiming, letter, ME, password=PASSWORD, now=NOW)
    assert told == [MailedCode("j…@e…org", 0, 4)]


async def test_of_two_claims_one_wins_and_the_other_is_told(world: World) -> None:
    invitation = await world.invite()
    await world.claim(invitation)
    with pytest.raises(InvitationUsedError):
        await world.claim(invitation)
    assert len(world.service.accounts) == 1


def test_a_forged_fingerprint_names_no_organisation() -> None:
    with pytest.raises(InvitationRefusedError):
        Letter.from_typed(LetterLookup(new_invitation_id(), "nonsense"), "0" * 20)
