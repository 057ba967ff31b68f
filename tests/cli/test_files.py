"""Private files: whole or not there, and never somebody else's."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from souspli_cli import files
from souspli_cli.errors import Refused

if TYPE_CHECKING:
    from pathlib import Path


def test_what_is_created_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        files.create(tmp_path / "a", b"x")
        files.write_atomically(tmp_path / "b", b"x")
    finally:
        os.umask(before)
    for name in ("a", "b"):
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o600


def test_creating_never_touches_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"mine")
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    for name in ("a", "link"):
        with pytest.raises(FileExistsError):
            files.create(tmp_path / name, b"x")
    assert (tmp_path / "a").read_bytes() == b"mine"
    assert not (tmp_path / "elsewhere").exists()


def test_replacing_a_link_leaves_what_it_points_to(tmp_path: Path) -> None:
    (tmp_path / "theirs").write_bytes(b"theirs")
    (tmp_path / "a").symlink_to(tmp_path / "theirs")
    files.write_atomically(tmp_path / "a", b"mine")
    assert (tmp_path / "theirs").read_bytes() == b"theirs"
    assert (tmp_path / "a").read_bytes() == b"mine"


def test_a_failed_write_leaves_nothing_beside_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a").write_bytes(b"old")

    def fail(_: int) -> None:
        raise OSError(5, "Input/output error")

    # The only fault that no unprivileged process can cause: a disk that takes the
    # bytes and then does not keep them.
    monkeypatch.setattr(files.os, "fsync", fail)
    with pytest.raises(OSError, match="Input/output"):
        files.write_atomically(tmp_path / "a", b"new")
    with pytest.raises(OSError, match="Input/output"):
        files.create(tmp_path / "b", b"new")
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [("a", b"old")]


def test_a_file_larger_than_it_can_be_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"12345")
    assert files.read(tmp_path / "a", limit=5) == b"12345"
    with pytest.raises(OSError, match="larger"):
        files.read(tmp_path / "a", limit=4)


def test_another_user_s_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").write_bytes(b"x")
    (tmp_path / "a").chmod(0o600)
    owner = os.geteuid()
    monkeypatch.setattr(files.os, "geteuid", lambda: owner + 1)
    with pytest.raises(Refused) as refused:
        files.check_private(tmp_path / "a")
    assert refused.value.name == "not_yours"
