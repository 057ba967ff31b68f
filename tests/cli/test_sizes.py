"""How much a document may hold is the person's to say, when sealing and when opening."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import pytest

from souspli_cli.sizes import Size

if TYPE_CHECKING:
    from pathlib import Path

    from cli.offline_world import People


@pytest.mark.parametrize(
    ("text", "size"), [("1", 1), ("500M", 500 * 1024**2), ("8g", 8 * 1024**3), ("2T", 2 * 1024**4)]
)
def test_a_size_is_a_number_and_a_unit(text: str, size: int) -> None:
    assert Size().convert(text, None, None) == size


@pytest.mark.parametrize("text", ["", "0", "-1", "1.5G", "G", "8 G", "8GB", "٣G", "9" * 14])
def test_what_is_no_size_is_a_wrong_usage(text: str) -> None:
    with pytest.raises(click.UsageError):
        Size().convert(text, None, None)


def test_a_document_beyond_the_limit_is_neither_sealed_nor_opened_until_told(
    people: People, tmp_path: Path
) -> None:
    file = people.document("grand.bin", bytes(3 * 1024**2))
    refused = people.seal(tmp_path / "d", file, more="--max-size 2M")
    assert (refused.code, refused.error) == (1, "files-too-large")
    assert not (tmp_path / "d").exists()
    assert people.seal(tmp_path / "d", file, more="--max-size 3M").code == 0

    opening = (
        "open", tmp_path / "d", "--identity", people.jeanne.secret,
        "--sender", people.anne.public, "--out", tmp_path / "o", "--json",
    )  # fmt: skip
    refused = people.souspli(*opening, "--max-size", "2M")
    assert (refused.code, refused.error) == (1, "beyond-limits")
    assert "--max-size" in refused.err
    assert not (tmp_path / "o").exists()
    inspecting = ("inspect", tmp_path / "d", "--identity", people.jeanne.secret, "--json")
    assert people.souspli(*inspecting, "--max-size", "2M").code == 1
    assert people.souspli(*inspecting, "--max-size", "3M").code == 0
    assert people.souspli(*opening).code == 0


def test_an_unknown_size_is_said_to_be_one(people: People, tmp_path: Path) -> None:
    refused = people.seal(tmp_path / "d", people.document(), more="--max-size beaucoup")
    assert refused.code == 2
    assert not (tmp_path / "d").exists()
