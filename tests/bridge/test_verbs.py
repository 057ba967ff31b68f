"""``souspli bridge …``, as people at the laboratory type it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import tomllib
from typing import TYPE_CHECKING

import pytest
from bridge.plain_reader import mail
from bridge.world import MAILBOX
from cli_world import Ended, command
from forked import programs

from souspli_cli.bridge import settings, standing
from souspli_cli.bridge.ledger import open_ledger
from souspli_cli.bridge.ledger_rows import State
from souspli_cli.bridge.notices import rows as notice_rows
from souspli_cli.bridge.notices.notifier import Notifier
from souspli_cli.bridge.smtp import accounts
from souspli_cli.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bridge.world import Laboratory

STRANGER = {
    "birth_name": "Inconnue",
    "given_names": "Zoé",
    "birth_date": "1980-01-02",
    "sex": "F",
}


def souspli(laboratory: Laboratory, *words: str) -> Ended:
    """Run a verb on the laboratory's profile."""
    environment = laboratory.service.environment | {"SOUSPLI_PROFILE": str(laboratory.profile)}
    ended = programs.run(
        command("bridge", *words),
        env=environment,
        input="",
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    return Ended(ended.returncode, ended.stdout, ended.stderr)


def told(laboratory: Laboratory) -> bool:
    """Whether the bridge has decided on a notice."""
    with open_ledger(laboratory.folder.ledger) as database:
        return bool(database.read_now(notice_rows.count))


async def test_what_was_not_sent_is_shown_and_tried_again(
    laboratory: Laboratory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Notifier, "poll_seconds", 0.2)
    async with laboratory.bridge():
        await laboratory.send(mail(**STRANGER, title="NFS"), MAILBOX)
        await laboratory.send(mail(title="TSH"), "jeanne@exemple.fr")
        await laboratory.settled(2)
        assert standing.is_running(laboratory.folder.lock)
        while not await asyncio.to_thread(told, laboratory):  # noqa: ASYNC110  (another thread's)
            await asyncio.sleep(0.05)
    assert not standing.is_running(laboratory.folder.lock)

    def talk() -> None:
        damaged = laboratory.folder.spool / f"{'A' * 16}.sealed"
        damaged.write_bytes(b"?")
        status = souspli(laboratory, "status", "--json").json
        counted = status["documents"]
        assert (counted["to-check"], counted["delivered"]) == (1, 1)
        assert status["running"] is False
        assert "service_reachable" in status
        assert status["damaged"] == ["A" * 16]
        # No relay in the settings: said here, and in the log.
        assert status["notices"] == {"waiting": 0, "not_sent": 1}
        assert status["free_bytes"] > 0
        assert status["room"] == "enough"
        shown = souspli(laboratory, "queue")
        assert "A" * 16 in shown.out
        damaged.unlink()
        assert "Inconnue Zoé 1980-01-02" in shown.out
        assert "souspli invite" in shown.out
        (listed,) = souspli(laboratory, "queue", "--json").json["documents"]
        assert (listed["reason"], listed["title"]) == ("nobody", "NFS")
        assert listed["notices"] == {"to-check": "nobody"}
        document = listed["document_id"]
        assert souspli(laboratory, "retry", document[:8], "--json").json == {"retried": 1}
        again = souspli(laboratory, "retry", document, "--json")
        assert (again.code, again.error) == (1, "bridge-not-to-check")
        assert souspli(laboratory, "retry", "--json").code == 2
        none = souspli(laboratory, "retry", "--all")
        assert "rien à reprendre" in none.out

    await asyncio.to_thread(talk)


def test_an_account_s_password_is_shown_once_and_kept_as_a_hash(laboratory: Laboratory) -> None:
    made = souspli(laboratory, "accounts", "add", "hl7", "--from", "@Labo.example", "--json").json
    kept = laboratory.folder.accounts.read_text()
    assert made["password"] not in kept
    assert tomllib.loads(kept)["account"][1]["senders"] == ["@labo.example"]
    known = accounts.read(laboratory.folder.accounts)
    assert accounts.matches(known["hl7"].hash, made["password"].encode())
    assert not accounts.matches(known["sil"].hash, made["password"].encode())
    listed = souspli(laboratory, "accounts", "list", "--json").json["accounts"]
    assert [one["name"] for one in listed] == ["sil", "hl7"]
    twice = souspli(laboratory, "accounts", "add", "hl7", "--json")
    assert twice.error == "bridge-account-exists"
    words = ("accounts", "senders", "sil", "--from", "A@labo.example", "--from", "@x.example")
    assert souspli(laboratory, *words, "--json").json["from"] == ["a@labo.example", "@x.example"]
    kept_one = accounts.read(laboratory.folder.accounts)["sil"]
    assert kept_one.hash == known["sil"].hash
    assert kept_one.senders == ("a@labo.example", "@x.example")
    assert souspli(laboratory, "accounts", "senders", "sil").code == 2
    unknown = souspli(laboratory, "accounts", "senders", "nobody", "--from", "a@b.fr", "--json")
    assert unknown.error == "bridge-account-unknown"
    assert souspli(laboratory, "accounts", "remove", "sil", "--json").json == {"name": "sil"}
    assert list(accounts.read(laboratory.folder.accounts)) == ["hl7"]
    assert souspli(laboratory, "accounts", "add", "no good").code == 1


def test_routes_are_about_addresses_of_the_book(laboratory: Laboratory) -> None:
    unknown = souspli(laboratory, "route", "practitioner", "x@y.fr", "--json")
    assert unknown.error == "no-invitation"
    assert souspli(laboratory, "route", "practitioner", "anne.petit@medecins.example").code == 0
    wrong = souspli(laboratory, "route", "ins", "jeanne@exemple.fr", "123", "--json")
    assert wrong.error == "bridge-ins-not-understood"
    assert (
        souspli(laboratory, "route", "ins", "jeanne@exemple.fr", "2 61 03 75 123 456 78").code == 0
    )
    kept = laboratory.folder.routes.read_bytes()
    assert b"anne" not in kept
    assert b"2610375" not in kept
    assert souspli(laboratory, "route", "remove", "jeanne@exemple.fr").code == 0


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('listen = "0.0.0.0:25"\ntls = "none"', "bridge_tls_needed"),
        ('listen = "nowhere"', "bridge_settings"),
        ('listen = "127.0.0.1:99999"\ntls = "none"', "bridge_settings"),
        ("lisen = 1", "bridge_settings"),
        ('domain = "pas un domaine"', "bridge_settings"),
        ('mailbox = "a+b"', "bridge_settings"),
        ("[limits]\nconnections = 0", "bridge_settings"),
        ("[limits]\nprocesses = -1", "bridge_settings"),
        ("[limits]\nfree_bytes = -1", "bridge_settings"),
        ("[limits]\nexaminers = -1", "bridge_settings"),
        ('[policy]\ndeletions = "send"', "bridge_settings"),
        ("[limits]\nmail_bytes = 1000\nmemory_bytes = 2999", "bridge_settings"),
        ('[notices]\nrelay = "relais.example"', "bridge_settings"),
        ('[notices]\nrelay = "relais.example:25"\ntls = "none"', "bridge_settings"),
        ('[notices]\nrelay = "localhost:25"\nuser = "pont"', "bridge_settings"),
        ('[notices]\nto = "pas une adresse"', "bridge_settings"),
        ("[notices]\nlate_minutes = 0", "bridge_settings"),
        ("[notices]\nlate_minutes = 2880", "bridge_settings"),
        ("[notices]\nurgent_late_minutes = 241", "bridge_settings"),
        ("[notices]\ntoo_late_minutes = 20161", "bridge_settings"),
        ('[metrics]\nlisten = "0.0.0.0:9100"', "bridge_settings"),
        ('[metrics]\nlisten = "127.0.0.1"', "bridge_settings"),
        ("=", "file_damaged"),
    ],
)
def test_settings_that_make_no_sense_are_refused(tmp_path: Path, text: str, name: str) -> None:
    path = tmp_path / "bridge.toml"
    path.write_text(text)
    with pytest.raises(Refused, match=name):
        settings.read(path)


def test_tls_needs_a_certificate(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="bridge_no_certificate"):
        settings.read(tmp_path / "none.toml").tls_context()
    path = tmp_path / "bridge.toml"
    path.write_text(f'tls_certificate = "{path}"\ntls_key = "{path}"')
    with pytest.raises(Refused, match="bridge_no_certificate"):
        settings.read(path).tls_context()


@contextlib.contextmanager
def run(laboratory: Laboratory) -> Iterator[subprocess.Popen[str]]:
    """Have ``souspli bridge run`` run."""
    environment = laboratory.service.environment | {"SOUSPLI_PROFILE": str(laboratory.profile)}
    with programs.Popen(
        command("bridge", "run", "--json"),
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as running:
        assert running.stdout is not None
        ready = json.loads(running.stdout.readline())
        laboratory.port = int(ready["listen"].rpartition(":")[2])
        yield running
        running.kill()


async def test_run_reads_mails_with_intake_and_ends_tidily(laboratory: Laboratory) -> None:
    text = 'listen = "127.0.0.1:0"\ntls = "none"\ndomain = "pont.labo.example"\n'
    laboratory.folder.settings.write_text(text)
    with run(laboratory) as running:
        await laboratory.send(mail(), "jeanne@exemple.fr")
        await laboratory.send(mail(), MAILBOX)
        first, second = await laboratory.settled(2)
        running.terminate()
        assert await asyncio.to_thread(running.wait, 60) == 0
    assert first.state is State.DELIVERED
    assert (second.state, second.reason) == (State.TO_CHECK, "no_traits")
    sent = laboratory.sent(first.document_id)
    assert sent is not None
    assert sent.files == ("resultats.pdf",)


async def test_a_list_that_is_taken_in_beside_a_running_bridge_is_known_at_once(
    laboratory: Laboratory, tmp_path: Path
) -> None:
    file = tmp_path / "patients.csv"
    head = "Nom de naissance;Prénoms;Date de naissance;Sexe;E-mail;Mobile;Dossier\r\n"
    zoe = "Inconnue;Zoé;02/01/1980;F;zoe@exemple.fr;06 12 34 56 78;17\r\n"
    bad = "Inconnu;Zoé;31/02/1980;F;autre@exemple.fr;;18\r\n"

    def take(*options: str) -> Ended:
        return souspli(laboratory, "addresses", "import", str(file), "--country", "33", *options)

    def talk() -> None:
        file.write_text(head + zoe + bad, encoding="cp1252")
        refused = take("--json")
        assert (refused.code, refused.json["imported"], refused.json["count"]) == (1, False, 0)
        assert refused.json["bad"] == [{"line": 3, "reason": "birth_date", "other_line": None}]
        assert "Dossier" in refused.err
        assert "Inconnu" not in refused.err
        assert take("--skip-bad", "--json").json["imported"] is True
        shown = souspli(laboratory, "addresses", "show", "zoe@exemple.fr", "--json").json
        assert (shown["birth_date"], shown["phone"]) == ("1980-01-02", "+33612345678")

    async with laboratory.bridge():
        await laboratory.send(mail(**STRANGER), MAILBOX)
        (row,) = await laboratory.settled(1)
        assert row.reason == "nobody"
        await asyncio.to_thread(talk)
        await laboratory.send(mail(**STRANGER, title="NFS"), MAILBOX)
        _, row = await laboratory.settled(2)
        assert row.reason == "not_invited"
        gone = await asyncio.to_thread(
            souspli, laboratory, "addresses", "remove", "zoe@exemple.fr", "--json"
        )
        assert gone.code == 0, gone.err
        await laboratory.send(mail(**STRANGER, title="TSH"), MAILBOX)
        *_, row = await laboratory.settled(3)
        assert row.reason == "nobody"
