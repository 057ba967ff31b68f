"""The key file: opens with its passphrase and for its owner only."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from souspli_cli import keyfile
from souspli_cli.errors import Refused
from souspli_cli.keyfile import Device, PassphraseWrong

if TYPE_CHECKING:
    from pathlib import Path

PASSPHRASE = "cheval correct agrafe batterie"


def test_a_locked_key_file_opens_with_its_passphrase_however_it_was_typed() -> None:
    device = Device.new()
    content = keyfile.encode(device, "chevål correct agrafe batterie")
    # å in two code points, no-break space: another keyboard, the same words.
    opened = keyfile.decode(content, " cheva\u030al  correct\u00a0agrafe batterie ")
    assert opened.unlocker.secret_bytes() == device.unlocker.secret_bytes()
    assert opened.unlocker_id == device.unlocker_id


def test_a_locked_key_file_does_not_hold_the_secret() -> None:
    device = Device.new()
    content = keyfile.encode(device, PASSPHRASE)
    assert device.unlocker.secret_bytes().hex().encode() not in content
    assert device.unlocker.secret_bytes().hex().encode() in keyfile.encode(device, None)


@pytest.mark.parametrize("passphrase", ["cheval correct agrafe batterif", "", None])
def test_another_passphrase_opens_nothing(passphrase: str | None) -> None:
    with pytest.raises(PassphraseWrong):
        keyfile.decode(keyfile.encode(Device.new(), PASSPHRASE), passphrase)


def test_a_key_file_with_another_unlocker_id_does_not_open() -> None:
    tree = json.loads(keyfile.encode(Device.new(), PASSPHRASE))
    tree["unlocker_id"] = "0" * 32
    altered = json.dumps(tree, separators=(",", ":"), sort_keys=True).encode()
    with pytest.raises(PassphraseWrong):
        keyfile.decode(altered, PASSPHRASE)


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"", "file_damaged"),
        (b"{}", "file_version_unknown"),
        (b'{"version":2}', "file_version_unknown"),
        (b'{"salt":null,"secret":"00","unlocker_id":"0","version":1}', "file_damaged"),
        (b'{"salt":null,"secret":"zz","unlocker_id":"0","version":1}', "file_damaged"),
        (b'{"extra":1,"salt":null,"secret":"00","unlocker_id":"0","version":1}', "file_damaged"),
    ],
)
def test_what_is_no_key_file_is_refused_by_name(content: bytes, name: str) -> None:
    with pytest.raises(Refused) as refused:
        keyfile.decode(content, None)
    assert refused.value.name == name


@pytest.mark.parametrize(
    "weak", ["", "   ", "souspli", "a" * 17, "aB3!" * 3, "12345678901234567890123"]
)
def test_a_passphrase_below_80_bits_is_refused(weak: str) -> None:
    # 17 lower-case letters are 79.9 bits, 12 of all kinds 79.6, 23 digits 76.4.
    with pytest.raises(Refused):
        keyfile.check_passphrase(weak)


@pytest.mark.parametrize("strong", ["a" * 18, "aB3!" * 3 + "x", "1" * 25, PASSPHRASE])
def test_a_passphrase_of_80_bits_is_taken(strong: str) -> None:
    assert keyfile.check_passphrase(strong) == strong


def test_the_device_prints_without_its_secret() -> None:
    device = Device.new()
    assert device.unlocker.secret_bytes().hex() not in repr(device)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_key_file_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "device.key"
    path.write_bytes(keyfile.encode(Device.new(), None))
    path.chmod(mode)
    with pytest.raises(Refused) as refused:
        keyfile.read(path)
    assert refused.value.name == "readable_by_others"
