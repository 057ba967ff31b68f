"""What a person at the laboratory sees of the quarantine, and what they decide."""

from __future__ import annotations

import asyncio
import json
import stat
from typing import TYPE_CHECKING, Any

import aiosmtplib
import msgspec
import pytest
from bridge import pdfs
from bridge.conftest import JEANNE, MEDECIN, PAUL
from bridge.plain_reader import mail
from bridge.world import MAILBOX
from click.testing import CliRunner, Result

from souspli_cli import words
from souspli_cli.bridge.ledger_rows import State
from souspli_cli.bridge.policy import Executables, Policy
from souspli_cli.bridge.verbs.findings import findings
from souspli_cli.bridge.verbs.quarantine import quarantine, reason_in_words
from souspli_cli.bridge.verbs.queue import queue
from souspli_cli.bridge.verbs.status import status
from souspli_cli.errors import CliError, Refused, WrongUsage
from souspli_cli.intake.read import read_mail
from souspli_cli.terminal import Terminal
from souspli_cli.words import Language

if TYPE_CHECKING:
    from pathlib import Path

    from bridge.world import Laboratory

STRANGER = {
    "birth_name": "Inconnue",
    "given_names": "Zoé",
    "birth_date": "1980-01-02",
    "sex": "F",
    "ins": "280017512345610",
}


def run(laboratory: Laboratory, *words: str) -> str:
    """Run a verb of the quarantine in this process; give what it printed."""
    ended = CliRunner().invoke(
        quarantine, [*words, "--profile", str(laboratory.profile)], catch_exceptions=False
    )
    return ended.stdout


def json_of(laboratory: Laboratory, *words: str) -> dict[str, Any]:
    """What a verb says to programs."""
    found: dict[str, Any] = json.loads(run(laboratory, *words, "--json"))
    return found


def refused(laboratory: Laboratory, *words: str) -> str:
    """How a verb ends."""
    with pytest.raises(CliError) as ended:
        run(laboratory, *words)
    assert isinstance(ended.value, (Refused, WrongUsage))
    return ended.value.name


async def test_a_person_looks_at_a_document_and_says_whose_it_is(
    laboratory: Laboratory, tmp_path: Path
) -> None:
    content = bytes(range(256)) * 100
    async with laboratory.bridge():
        await laboratory.send(mail(content, name="nfs.pdf", title="NFS", **STRANGER), MAILBOX)
        (row,) = await laboratory.settled(1)
        (listed,) = (await asyncio.to_thread(json_of, laboratory, "list"))["documents"]
        assert listed == {
            "document_id": row.document_id,
            "state": "to-check",
            "reason": "nobody",
            "received_at": row.received_at,
            "account": "sil",
        }
        shown = await asyncio.to_thread(json_of, laboratory, "show", row.document_id[:8])
        assert shown["patient"]["birth_name"] == "Inconnue"
        assert shown["patient"]["ins"] == "280017512345610"
        assert (shown["title"], shown["recipients"]) == ("NFS", [MAILBOX])
        assert shown["findings"] == ["pdf_unreadable"]
        assert "Inconnue" not in await asyncio.to_thread(run, laboratory, "list")
        said = await asyncio.to_thread(run, laboratory, "show", row.document_id)
        assert "Nom de naissance : Inconnue" in said
        assert "Urgence : COURANT" in said

        out = tmp_path / "out"
        opening = ("open", row.document_id, "--out", str(out))
        opened = await asyncio.to_thread(json_of, laboratory, *opening)
        assert opened["paths"] == [str(out / "nfs.pdf")]
        assert (out / "nfs.pdf").read_bytes() == content
        assert stat.S_IMODE((out / "nfs.pdf").stat().st_mode) == 0o600
        assert await asyncio.to_thread(refused, laboratory, *opening) == "folder_exists"

        assigning = ("assign", row.document_id, "--to", JEANNE[0], "--yes")
        assert await asyncio.to_thread(refused, laboratory, *assigning) == "bridge_traits_differ"
        nobody = ("assign", row.document_id, "--to", "x@y.fr", "--yes")
        assert await asyncio.to_thread(refused, laboratory, *nobody) == "no_invitation"
        several = (*assigning, "--to", PAUL[0], "--despite-differences")
        assert await asyncio.to_thread(refused, laboratory, *several) == "bridge_assign_several"
        (untouched,) = laboratory.rows()
        assert untouched == row
        # In clear it is only where it was asked for.
        assert {path.suffix for path in laboratory.folder.spool.iterdir()} == {".sealed"}

        done = await asyncio.to_thread(json_of, laboratory, *assigning, "--despite-differences")
        assert done == {"document_id": row.document_id, "to": [JEANNE[0]]}
        (row,) = await laboratory.settled(1)
        assert row.state is State.DELIVERED
        assert row.decided_by
        assert row.decided_at
        assert await asyncio.to_thread(refused, laboratory, *assigning) == "bridge_not_to_check"
        assert await laboratory.emptied()
    sent = laboratory.sent(row.document_id)
    assert sent is not None
    assert [to.address for to in sent.recipients] == [JEANNE[0]]


async def test_what_a_person_rejects_is_deleted_and_never_sent(laboratory: Laboratory) -> None:
    async with laboratory.bridge():
        await laboratory.send(mail(**STRANGER), MAILBOX)
        (row,) = await laboratory.settled(1)
        rejecting = ("reject", row.document_id)
        assert await asyncio.to_thread(refused, laboratory, *rejecting) == "nobody_to_ask"
        await asyncio.to_thread(run, laboratory, *rejecting, "--yes")
        assert await laboratory.emptied()
        assert await asyncio.to_thread(refused, laboratory, *rejecting) == "bridge_not_to_check"
        assert "Rien n'est à vérifier" in await asyncio.to_thread(run, laboratory, "list")
    (row,) = laboratory.rows()
    assert row.state is State.REJECTED
    assert row.decided_by


async def test_programs_in_a_pdf_wait_for_a_person_and_other_oddities_are_sent_and_noted(
    laboratory: Laboratory,
) -> None:
    limits = msgspec.structs.replace(laboratory.settings.limits, examiners=1)
    laboratory.settings = msgspec.structs.replace(laboratory.settings, limits=limits)
    async with laboratory.bridge():
        await laboratory.send(mail(pdfs.javascript_in_place(), title="active"), JEANNE[0])
        await laboratory.send(mail(pdfs.encrypted("1961"), title="locked"), JEANNE[0])
        await laboratory.send(mail(pdfs.plain(), title="usual"), JEANNE[0])
        active, locked, usual = await laboratory.settled(3)
        assert (active.state, active.reason) == (State.TO_CHECK, "active_content")
        assert active.findings == "pdf_javascript"
        assert (locked.state, locked.findings) == (State.DELIVERED, "pdf_encrypted")
        assert (usual.state, usual.findings) == (State.DELIVERED, "")
        assert not (laboratory.folder.spool / f"{active.document_id}.covers").exists()
        to = ("assign", active.document_id, "--to", JEANNE[0], "--to", MEDECIN[0], "--yes")
        # Not listed as a practitioner, she would be a second patient.
        assert await asyncio.to_thread(refused, laboratory, *to) == "bridge_assign_several"
        await asyncio.to_thread(run, laboratory, *to[:4], "--yes")
        active, *_ = await laboratory.settled(3)
        assert (active.state, active.findings) == (State.DELIVERED, "pdf_javascript")


def sent_with_findings(laboratory: Laboratory, *words: str) -> Result:
    """What `souspli bridge findings` says."""
    where = ("--profile", str(laboratory.profile))
    return CliRunner().invoke(findings, [*words, *where], catch_exceptions=False)


async def test_what_was_sent_despite_its_pdf_is_shown_to_who_will_be_called(
    laboratory: Laboratory,
) -> None:
    limits = msgspec.structs.replace(laboratory.settings.limits, examiners=1)
    laboratory.settings = msgspec.structs.replace(laboratory.settings, limits=limits)
    async with laboratory.bridge():
        said = await asyncio.to_thread(sent_with_findings, laboratory)
        assert said.stdout == "Rien de particulier dans les PDF partis ces 30 derniers jours.\n"
        await laboratory.send(mail(pdfs.encrypted("1961"), title="locked"), JEANNE[0])
        await laboratory.send(mail(b"%PDF-1.7 no more", title="cut"), PAUL[0])
        await laboratory.send(mail(pdfs.plain(), title="usual"), JEANNE[0])
        held = mail(pdfs.javascript_in_place(), title="held")
        await laboratory.send(held, JEANNE[0])
        locked, cut, _, held_row = await laboratory.settled(4)
        said = await asyncio.to_thread(sent_with_findings, laboratory, "--json")
        assert json.loads(said.stdout)["days"] == 30
        assert [
            (one["document_id"], one["state"], one["title"], one["to"], one["findings"])
            for one in json.loads(said.stdout)["documents"]
        ] == [
            (
                cut.document_id,
                "delivered",
                "cut",
                [{"address": PAUL[0], "name": "LE GOFF-ŒUVRARD Paul"}],
                ["pdf_unreadable"],
            ),
            (
                locked.document_id,
                "delivered",
                "locked",
                [{"address": JEANNE[0], "name": "DURAND Jeanne Marie"}],
                ["pdf_encrypted"],
            ),
        ]
        lines = (await asyncio.to_thread(sent_with_findings, laboratory)).stdout
        assert f"{locked.document_id[:8]}  " in lines
        assert "un PDF demande un mot de passe" in lines
        assert held_row.document_id[:8] not in lines
        # Where somebody looks every day.
        listed = CliRunner().invoke(quarantine, ["list", "--profile", str(laboratory.profile)])
        assert "depuis 30 jours : 2 (souspli bridge findings)" in listed.stderr
        where = ["--profile", str(laboratory.profile), "--json"]
        stands = await asyncio.to_thread(CliRunner().invoke, status, where)
        assert json.loads(stands.stdout)["sent_with_findings"] == 2
        waits = await asyncio.to_thread(CliRunner().invoke, queue, where)
        (waiting,) = json.loads(waits.stdout)["documents"]
        assert waiting["findings"] == ["pdf_javascript"]


async def test_pdfs_that_nobody_looks_at_by_the_settings_are_no_finding_of_each_document(
    laboratory: Laboratory,
) -> None:
    assert not laboratory.settings.limits.examiners
    async with laboratory.bridge():
        await laboratory.send(mail(pdfs.plain()), JEANNE[0])
        (row,) = await laboratory.settled(1)
        assert row.findings == "pdf_not_examined"
        said = await asyncio.to_thread(sent_with_findings, laboratory, "--json")
        assert json.loads(said.stdout)["documents"] == []


async def test_programs_are_for_a_person_or_refused_by_policy(laboratory: Laboratory) -> None:
    program = mail(b"MZ\x90\x00" + bytes(60), name="resultats.pdf")
    laboratory.reader = read_mail
    async with laboratory.bridge():
        await laboratory.send(program, JEANNE[0])
        (row,) = await laboratory.settled(1)
        assert (row.state, row.reason) == (State.TO_CHECK, "uncertain")
    policy = Policy(executables=Executables.REFUSE)
    laboratory.settings = msgspec.structs.replace(laboratory.settings, policy=policy)
    async with laboratory.bridge():
        with pytest.raises(aiosmtplib.SMTPDataError) as failure:
            await laboratory.send(program + b"\r\n", JEANNE[0])
        assert failure.value.code == 554
        assert failure.value.message.startswith("5.7.1")
        await laboratory.send(mail(pdfs.plain()), JEANNE[0])
        assert len(await laboratory.settled(2)) == 2


def test_a_reason_that_nobody_here_knows_says_whom_to_ask() -> None:
    terminal = Terminal(words.load(Language.FRENCH))
    assert reason_in_words(terminal, None) == ""
    assert reason_in_words(terminal, "nobody").startswith("personne de ce nom")
    said = reason_in_words(terminal, "statement_refused")
    assert "statement_refused" in said
    assert "opérateur" in said
