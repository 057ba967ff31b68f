"""Files that hold an identity, or its public half: taken as they were written or not at all."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest
from exchange.offline_world import ANNE, JEANNE, PAUL

from souspli_exchange.errors import (
    IdentityFileError,
    IdentityFileVersionError,
    OtherIdentityFileError,
)
from souspli_exchange.offline_identity import (
    MAX_IDENTITY_FILE_BYTES,
    encode_identity_file,
    encode_public_identity,
    parse_identity_file,
    parse_public_identity,
)
from souspli_keys import canonical


def test_an_identity_file_gives_the_same_identity_back() -> None:
    for own in (ANNE, JEANNE):
        content = encode_identity_file(own)
        read = parse_identity_file(content)
        assert read.identity.secret_root() == own.identity.secret_root()
        assert (read.name, read.address) == (own.name, own.address)
        assert read.organisation == own.identity.public.fingerprint
        assert encode_identity_file(read) == content


def test_a_public_identity_file_says_the_same_of_a_member_of_a_practice() -> None:
    member = replace(ANNE, organisation=PAUL.organisation)
    content = encode_public_identity(member.public_file)
    assert parse_public_identity(content) == member.public_file


def test_without_a_name_an_identity_is_called_by_its_fingerprint() -> None:
    digits = JEANNE.identity.public.fingerprint
    assert JEANNE.name == f"{digits[:4]} {digits[4:8]} {digits[8:12]} {digits[12:16]}"
    assert JEANNE.address == f"{digits[:16]}@offline.invalid"


def test_a_public_file_holds_no_secret() -> None:
    secret, public = encode_identity_file(ANNE), encode_public_identity(ANNE.public_file)
    root = canonical.decode(secret[:-1])["root"]
    assert str(root).encode() not in public
    assert b"root" not in public


def test_an_identity_prints_as_nothing() -> None:
    shown = f"{ANNE!r} {ANNE.public_file!r} {ANNE.public_file.pinned!r}"
    assert "Dupont" not in shown
    assert "exemple" not in shown


@dataclass(frozen=True)
class Kind:
    good: bytes
    parse: Callable[[bytes], object]


SECRET = Kind(encode_identity_file(ANNE), parse_identity_file)
PUBLIC = Kind(encode_public_identity(ANNE.public_file), parse_public_identity)


ALTERED: list[Callable[[bytes], bytes]] = [
    lambda good: good[:0],
    lambda good: good[:-1],
    lambda good: good[:-1] + b" ",
    lambda good: good + b"\n",
    lambda good: b" " + good,
    lambda good: good.replace(b":", b": ", 1),
    lambda good: good.replace(b'"name":"Dr Anne Dupont"', b'"name":""'),
    lambda good: good.replace(b'"name"', b'"nom"'),
    lambda good: good.replace(b"exemple.fr", b"exemple..fr"),
    lambda good: good.replace(b"offline.invalid", b"souspli.example"),
    lambda good: good.replace(b'"version":1', b'"version":1,"zone":1'),
    lambda good: good.replace(b'"version":1', b'"version":true'),
    lambda good: good[: len(good) // 2],
    lambda good: good + b"x" * MAX_IDENTITY_FILE_BYTES,
    lambda good: b"\xff" + good,
]


@pytest.mark.parametrize("kind", [SECRET, PUBLIC], ids=["secret", "public"])
@pytest.mark.parametrize("alter", ALTERED)
def test_an_identity_file_is_taken_as_it_was_written_or_not_at_all(
    kind: Kind, alter: Callable[[bytes], bytes]
) -> None:
    altered = alter(kind.good)
    assert altered != kind.good
    with pytest.raises(IdentityFileError):
        kind.parse(altered)


@pytest.mark.parametrize("kind", [SECRET, PUBLIC], ids=["secret", "public"])
@pytest.mark.parametrize("version", [b"2", b'"1"', b"null"])
def test_an_identity_file_of_another_version_is_told_apart(kind: Kind, version: bytes) -> None:
    with pytest.raises(IdentityFileVersionError):
        kind.parse(kind.good.replace(b'"version":1', b'"version":' + version))


@pytest.mark.parametrize("kind", [SECRET, PUBLIC], ids=["secret", "public"])
def test_a_later_version_may_take_as_many_bytes_as_any_file(kind: Kind) -> None:
    later = kind.good.replace(b'"version":1', b'"version":2,"zone":""')
    longest = later[:-3] + b"x" * (MAX_IDENTITY_FILE_BYTES - len(later)) + later[-3:]
    assert len(longest) == MAX_IDENTITY_FILE_BYTES
    with pytest.raises(IdentityFileVersionError):
        kind.parse(longest)
    with pytest.raises(IdentityFileError) as refused:
        kind.parse(longest[:-3] + b"x" + longest[-3:])
    assert refused.type is IdentityFileError


def test_secret_and_public_files_are_told_apart() -> None:
    with pytest.raises(OtherIdentityFileError):
        parse_identity_file(PUBLIC.good)
    with pytest.raises(OtherIdentityFileError):
        parse_public_identity(SECRET.good)


def test_the_errors_of_a_damaged_secret_file_carry_nothing_of_it() -> None:
    damaged = SECRET.good.replace(b'"version":1', b'"version":1,"zone":1')
    with pytest.raises(IdentityFileError) as refused:
        parse_identity_file(damaged)
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__


def test_a_name_that_could_not_be_read_back_is_not_written() -> None:
    for name in ("", "x" * 201, "a\u202eb"):
        with pytest.raises(IdentityFileError):
            encode_identity_file(replace(ANNE, name=name))
