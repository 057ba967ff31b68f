"""Whom the bridge invites by itself gets one letter, whose code is good, whenever it is killed."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import errno
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import aiosmtplib
import msgspec
import pytest
from bridge.bridge_process import INVITING
from bridge.plain_reader import mail
from bridge.test_crash import process
from bridge.world import MAILBOX, SETTINGS, inviting

from souspli_cli.addressbook import Traits
from souspli_cli.bridge.ledger_rows import State
from souspli_cli.bridge.letters import inviting as inviting_part
from souspli_cli.bridge.letters import policy as invitation_policy
from souspli_cli.bridge.letters.kept import KeptLetter, KeptLetters
from souspli_cli.bridge.letters.policy import Invitations
from souspli_cli.bridge.people.addresses import Addresses
from souspli_cli.bridge.people.known_person import KnownPerson
from souspli_cli.bridge.routing import Allow
from souspli_cli.bridge.sending import worker
from souspli_cli.errors import Refused
from souspli_cli.letter_reading import read_letter
from souspli_cli.profile import checked_origin
from souspli_keys import dsse
from souspli_keys.claimcode import ClaimCode, ClaimKeys
from souspli_keys.statements import How, Invitation

if TYPE_CHECKING:
    from bridge.world import Laboratory

ZOE = Traits(
    birth_name="Inconnue",
    used_name=None,
    given_names="Zoé",
    birth_date="1980-01-02",
    sex="F",
    phone="+33612345678",
)
SAID = {"birth_name": "Inconnue", "given_names": "Zoé", "birth_date": "1980-01-02", "sex": "F"}


@pytest.fixture
def letters(tmp_path: Path) -> Path:
    """A folder that somebody watches."""
    folder = tmp_path / "letters"
    folder.mkdir(mode=0o700)
    return folder


@pytest.fixture
def address(request: pytest.FixtureRequest, laboratory: Laboratory) -> str:
    """Zoé's, listed; each test's is another one, since all share a service."""
    unique = abs(hash(request.node.name)) % 10**8
    listed = KnownPerson(address=f"zoe.{unique}@exemple.fr", traits=ZOE)
    with opened(laboratory) as addresses:
        addresses.change(seen=[], forget=[], add=[listed])
    return f"zoe.{unique}@exemple.fr"


def opened(laboratory: Laboratory) -> Addresses:
    """The laboratory's list."""
    return Addresses(laboratory.folder.addresses, laboratory.account.device.unlocker.secret_bytes())


def waiting(laboratory: Laboratory) -> int:
    """How many letters wait."""
    secret = laboratory.account.device.unlocker.secret_bytes()
    return KeptLetters(laboratory.folder.letters, secret).count()


def files_of(folder: Path) -> list[Path]:
    """What is in a folder."""
    return list(folder.iterdir())


async def handed_over(laboratory: Laboratory) -> None:
    """Wait until no letter waits."""
    for _ in range(600):
        if not waiting(laboratory):
            return
        await asyncio.sleep(0.05)
    raise AssertionError


def check_letter(laboratory: Laboratory, address: str, letters: Path) -> None:
    """One letter, readable by its owner alone, whose code opens the one invitation."""
    (path,) = letters.iterdir()
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.name.startswith("letter-")
    patient = laboratory.account.book.patient(address)
    assert patient is not None
    (invitation,) = patient.invitations
    assert invitation.confirmed
    record = Invitation.parse(laboratory_record(laboratory, address))
    keys = ClaimKeys(
        ClaimCode.parse(read_letter(path).code),
        origin=checked_origin(laboratory.account.profile.settings.origin),
        invitation_id=invitation.invitation_id,
        organisation=record.organisation,
    )
    assert keys.identity.public == record.claim_identity
    assert waiting(laboratory) == 0


def laboratory_record(laboratory: Laboratory, address: str) -> bytes:
    """R of the newest invitation."""
    patient = laboratory.account.book.patient(address)
    assert patient is not None
    return dsse.parse(patient.invitations[-1].record).payload


async def test_a_listed_stranger_is_invited_once_and_sent_to(
    laboratory: Laboratory, address: str, letters: Path
) -> None:
    async with laboratory.bridge():
        with pytest.raises(aiosmtplib.SMTPRecipientsRefused):
            await laboratory.send(mail(), address)
        await laboratory.send(mail(**SAID), MAILBOX)
        (row,) = await laboratory.settled(1)
        assert (row.state, row.reason) == (State.TO_CHECK, "not_invited")
    assert laboratory.account.book.patient(address) is None
    laboratory.settings = msgspec.structs.replace(SETTINGS, invitations=inviting(letters))
    async with laboratory.bridge():
        await laboratory.send(mail(**SAID, title="TSH"), MAILBOX)
        await laboratory.send(mail(title="NFS"), address)
        rows = (await laboratory.settled(3))[1:]
        assert [row.state for row in rows] == [State.DELIVERED, State.DELIVERED]
    check_letter(laboratory, address, letters)
    patient = laboratory.account.book.patient(address)
    assert patient is not None
    assert patient.traits == ZOE
    assert patient.words is not None
    assert patient.words.way == "electronic"


@pytest.mark.parametrize("place", INVITING)
async def test_killed_between_invitation_and_letter_there_is_the_one_letter(
    laboratory: Laboratory, address: str, letters: Path, place: str
) -> None:
    with process(laboratory, place, environment={"TEST_LETTERS": str(letters)}) as running:
        with contextlib.suppress(aiosmtplib.SMTPException, ConnectionError):
            await laboratory.send(mail(**SAID), MAILBOX)
        assert await asyncio.to_thread(running.wait, 60) == -signal.SIGKILL
    laboratory.settings = msgspec.structs.replace(SETTINGS, invitations=inviting(letters))
    async with laboratory.bridge():
        (row,) = await laboratory.settled(1)
        assert row.state is State.DELIVERED
    check_letter(laboratory, address, letters)


async def test_a_letter_that_can_not_be_written_waits_and_the_document_does_not(
    laboratory: Laboratory, address: str, letters: Path
) -> None:
    laboratory.settings = msgspec.structs.replace(SETTINGS, invitations=inviting(letters))
    async with laboratory.bridge():
        await asyncio.to_thread(letters.chmod, 0o707)
        await laboratory.send(mail(**SAID), MAILBOX)
        (row,) = await laboratory.settled(1)
        assert row.state is State.DELIVERED
        assert not files_of(letters)
        assert waiting(laboratory) == 1
    await asyncio.to_thread(letters.chmod, 0o700)
    (kept,) = files_of(laboratory.folder.letters)
    assert b"%PDF" not in await asyncio.to_thread(kept.read_bytes)
    async with laboratory.bridge():
        await handed_over(laboratory)
    check_letter(laboratory, address, letters)


async def test_whom_a_message_names_is_invited_only_if_the_policy_says_so(
    laboratory: Laboratory, letters: Path, tmp_path: Path
) -> None:
    named = mail(**SAID, address="zoe.du.message@exemple.fr")
    laboratory.settings = msgspec.structs.replace(SETTINGS, invitations=inviting(letters))
    async with laboratory.bridge():
        await laboratory.send(named, MAILBOX)
        (row,) = await laboratory.settled(1)
        assert (row.state, row.reason) == (State.TO_CHECK, "nobody")
    printed = tmp_path / "printed.pdf"
    script = f"import sys; open({str(printed)!r}, 'ab').write(sys.stdin.buffer.read())"
    policy = Invitations(
        allow=Allow.MESSAGE, consent=How.WRITTEN, print_command=(sys.executable, "-c", script)
    )
    laboratory.settings = msgspec.structs.replace(SETTINGS, invitations=policy)
    async with laboratory.bridge():
        await laboratory.send(named + b"\r\n", MAILBOX)
        _, row = await laboratory.settled(2)
        assert row.state is State.DELIVERED
    assert read_letter(printed).code
    assert (await asyncio.to_thread(printed.read_bytes)).count(b"%%EOF") == 1
    assert not files_of(letters)


@pytest.mark.parametrize(
    ("policy", "name"),
    [
        (Invitations(allow=Allow.ADDRESS_BOOK, letters="/x"), "bridge_invitations_consent"),
        (
            Invitations(allow=Allow.ADDRESS_BOOK, consent=How.ORAL),
            "bridge_invitations_letters",
        ),
        (
            Invitations(allow=Allow.MESSAGE, consent=How.ORAL, letters="/x", print_command=("lp",)),
            "bridge_invitations_letters",
        ),
        (
            Invitations(allow=Allow.MESSAGE, consent=How.ORAL, letters="/nowhere/at/all"),
            "bridge_letters_folder",
        ),
        (
            Invitations(allow=Allow.MESSAGE, consent=How.ORAL, letters="relative"),
            "bridge_letters_folder",
        ),
    ],
)
def test_a_policy_that_can_not_be_followed_is_refused_at_the_start(
    laboratory: Laboratory, policy: Invitations, name: str
) -> None:
    with pytest.raises(Refused, match=name):
        invitation_policy.check(policy, laboratory.account)
    # Nobody is invited: nothing of the rest is looked at.
    never = msgspec.structs.replace(policy, allow=Allow.NEVER)
    assert invitation_policy.check(never, laboratory.account) is never


def test_letters_go_to_no_folder_that_everybody_reads_nor_into_the_profile(
    laboratory: Laboratory, letters: Path
) -> None:
    profile = laboratory.account.profile.folder
    assert invitation_policy.check_folder(letters, profile=profile) == letters
    for mode in (0o701, 0o702, 0o704):
        letters.chmod(mode)
        with pytest.raises(Refused, match="bridge_letters_open"):
            invitation_policy.check_folder(letters, profile=profile)
    with pytest.raises(Refused, match="bridge_letters_folder"):
        invitation_policy.check_folder(laboratory.folder.path, profile=profile)


def test_a_member_who_may_not_invite_is_told_so_at_the_start(
    laboratory: Laboratory, letters: Path
) -> None:
    account = laboratory.account
    member = dataclasses.replace(account.member, may_invite=False)
    with pytest.raises(Refused, match="bridge_may_not_invite"):
        invitation_policy.check(inviting(letters), dataclasses.replace(account, member=member))


# --- what is broken stops no document of anybody else -----------------------------------


def printing(printed: Path) -> Invitations:
    """A policy with a program that notes each letter it is given."""
    script = f"import sys; open({str(printed)!r}, 'ab').write(sys.stdin.buffer.read())"
    return Invitations(
        allow=Allow.ADDRESS_BOOK, consent=How.ORAL, print_command=(sys.executable, "-c", script)
    )


async def test_a_letter_that_can_not_be_forgotten_is_not_printed_again_and_again(
    laboratory: Laboratory, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a disk that has become read-only, or is damaged where the letter is kept."""
    assert address
    printed = tmp_path / "printed.pdf"
    laboratory.settings = msgspec.structs.replace(SETTINGS, invitations=printing(printed))
    monkeypatch.setattr(worker, "POLL_SECONDS", 0.1)
    monkeypatch.setattr(inviting_part, "AGAIN_SECONDS", 0.1)
    asked: list[str] = []
    with monkeypatch.context() as broken:

        def unforgettable(_: KeptLetters, kept: KeptLetter) -> None:
            asked.append(kept.letter_number)
            raise OSError(errno.EROFS, "read-only")

        broken.setattr(KeptLetters, "forget", unforgettable)
        async with laboratory.bridge():
            await laboratory.send(mail(**SAID), MAILBOX)
            await laboratory.until(lambda: len(asked) > 5)
            # Neither this one nor anybody else's waits for that.
            await laboratory.send(mail(title="TSH"), "jeanne@exemple.fr")
            rows = await laboratory.settled(2)
            assert [row.state for row in rows] == [State.DELIVERED] * 2
    assert (await asyncio.to_thread(printed.read_bytes)).count(b"%%EOF") == 1
    assert waiting(laboratory) == 1


async def test_where_a_letter_can_not_be_kept_nobody_is_invited_and_then_once(
    laboratory: Laboratory, address: str, letters: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    laboratory.settings = msgspec.structs.replace(SETTINGS, invitations=inviting(letters))
    monkeypatch.setattr(worker, "POLL_SECONDS", 0.1)
    monkeypatch.setattr(worker, "FIRST_LATER_SECONDS", 0)
    keep, asked = KeptLetters.keep, list[str]()

    def full(letters: KeptLetters, kept: KeptLetter) -> None:
        asked.append(kept.invitation)
        if len(asked) < 3:
            raise OSError(errno.ENOSPC, "full")
        keep(letters, kept)

    monkeypatch.setattr(KeptLetters, "keep", full)
    async with laboratory.bridge():
        await laboratory.send(mail(**SAID), MAILBOX)
        await laboratory.send(mail(title="TSH"), "jeanne@exemple.fr")
        rows = await laboratory.settled(2)
        assert [row.state for row in rows] == [State.DELIVERED] * 2
    # Each try draws anew, and of the first two nobody was told.
    assert len(set(asked)) == 3
    check_letter(laboratory, address, letters)
    patient = laboratory.account.book.patient(address)
    assert patient is not None
    assert [one.invitation_id for one in patient.invitations] == asked[2:]


async def test_a_letter_of_an_entry_that_is_damaged_holds_up_nobody(
    laboratory: Laboratory, address: str, letters: Path
) -> None:
    laboratory.settings = msgspec.structs.replace(SETTINGS, invitations=inviting(letters))
    async with laboratory.bridge():
        await asyncio.to_thread(letters.chmod, 0o707)
        await laboratory.send(mail(**SAID), MAILBOX)
        await laboratory.settled(1)
    assert waiting(laboratory) == 1
    book = laboratory.account.book
    entry = book.folder / book._patient_name(address)
    whole = await asyncio.to_thread(entry.read_bytes)
    await asyncio.to_thread(entry.write_bytes, b"?")
    # First of all, by its name.
    other = laboratory.folder.letters / f"{'0' * 32}.sealed"
    await asyncio.to_thread(other.write_bytes, b"?")
    unreadable = other.with_name(f"{'0' * 31}1.sealed")
    await asyncio.to_thread(unreadable.mkdir)  # stands for a bad sector
    await asyncio.to_thread(letters.chmod, 0o700)
    async with laboratory.bridge():
        await laboratory.send(mail(title="TSH"), "jeanne@exemple.fr")
        _, row = await laboratory.settled(2)
        assert row.state is State.DELIVERED
        assert waiting(laboratory) == 3
    await asyncio.to_thread(entry.write_bytes, whole)
    await asyncio.to_thread(unreadable.rmdir)
    async with laboratory.bridge():
        await laboratory.until(lambda: waiting(laboratory) == 1)
    await asyncio.to_thread(other.unlink)
    check_letter(laboratory, address, letters)
