"""Nothing of a mail is readable in any file, of the profile or temporary."""

from __future__ import annotations

import base64
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from bridge.plain_reader import mail
from bridge.world import MAILBOX

if TYPE_CHECKING:
    from bridge.world import Laboratory

TRAITS = {"given_names": "Philomène", "birth_date": "1931-04-05", "sex": "F"}
MARK = "Glycémie-ZQX7"


def haystacks(folder: Path) -> dict[Path, bytes]:
    """Every file below a folder."""
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


async def test_no_file_holds_anything_of_a_hundred_mails(
    laboratory: Laboratory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setattr(tempfile, "tempdir", None)
    # Every second one stays in the spool: nobody knows its patient.
    async with laboratory.bridge():
        async with laboratory.client() as client:
            for number in range(100):
                traits = {} if number % 2 else {"birth_name": "Inconnue-WKV3", **TRAITS}
                content = mail(
                    f"{MARK} {number} ".encode() * 50,
                    name=f"{MARK}.pdf",
                    title=f"{MARK}-titre",
                    report=f"{MARK}|{number}",
                    message_id=f"<zqx7-{number}@labo>",
                    **traits,
                )
                to = "jeanne@exemple.fr" if number % 2 else MAILBOX
                await client.sendmail("expediteur-wkv3@labo.example", [to], content)
        rows = await laboratory.settled(100)
        during = haystacks(laboratory.profile) | haystacks(temporary)
    after = haystacks(laboratory.profile) | haystacks(temporary)
    assert sum(path.suffix == ".sealed" and path.parent.name == "spool" for path in after) == 50
    words = [
        MARK,
        "ZQX7",
        "zqx7",
        "wkv3",
        "Philom",
        "WKV3",
        "1931-04-05",
        "expediteur",
        "jeanne@exemple.fr",
    ]
    needles = [word.encode() for word in words]
    needles += [base64.b64encode(word.encode())[:8] for word in words]
    for files in (during, after):
        for path, content in files.items():
            assert not [needle for needle in needles if needle in content], path
    assert {row.reason for row in rows} == {None, "nobody"}


def test_the_folder_is_its_owner_s_alone(laboratory: Laboratory) -> None:
    for path in (laboratory.folder.path, laboratory.folder.spool):
        assert path.stat().st_mode & 0o777 == 0o700
    assert laboratory.folder.accounts.stat().st_mode & 0o777 == 0o600
