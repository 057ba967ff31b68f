"""Documents that no service carries: sealed into a folder, opened by whom they are for."""

import os
import stat
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from exchange.people import DESCRIPTION, NOW, Practice
from exchange.simulator import MemorySpool

from souspli_exchange.age.file import decrypt, encrypt
from souspli_exchange.age.recipient import HybridRecipient
from souspli_exchange.age.unwrap import HybridIdentity
from souspli_exchange.binding import VerifiedRecipient
from souspli_exchange.bundle import padded_length
from souspli_exchange.errors import (
    AnotherDocumentError,
    AnotherRecipientError,
    ContentsRefusedError,
    CoverRefusedError,
    ExchangeUsageError,
    FileNameError,
    IdentityFileError,
    IdentityFileVersionError,
    ManifestRefusedError,
    NotForMeError,
    OtherIdentityFileError,
    OutputError,
    OutputExistsError,
    SealedFolderError,
    SenderRefusedError,
    SourceChangedError,
    SourceError,
    TooLargeToSendError,
)
from souspli_exchange.ids import new_document_id, new_invitation_id
from souspli_exchange.manifest import Description, Limits
from souspli_exchange.offline_folder import cover_path
from souspli_exchange.offline_identity import (
    MAX_IDENTITY_FILE_BYTES,
    OFFLINE_ORIGIN,
    OfflineIdentity,
    PublicIdentityFile,
    encode_identity_file,
    encode_public_identity,
    new_identity,
    parse_identity_file,
    parse_public_identity,
)
from souspli_exchange.offline_inspect import (
    NotOurs,
    Role,
    inspect_file,
    inspect_folder,
)
from souspli_exchange.offline_open import (
    OfflineReader,
    open_cover_file,
    open_folder_cover,
    open_into_folder,
    verify_folder,
)
from souspli_exchange.offline_seal import seal_into_folder
from souspli_exchange.outgoing import seal_into_spool
from souspli_exchange.sealed import Reader, open_cover, unverified_manifest
from souspli_exchange.sources import BytesSource, Source
from souspli_keys import canonical
from souspli_keys.address import Address
from souspli_keys.public import PublicIdentity

ANNE = new_identity(name="Dr Anne Dupont", address=Address("anne@exemple.fr"))
JEANNE = new_identity()
PAUL = new_identity(name="Paul Œuvrard")
MALLORY = new_identity(name="Dr Anne Dupont", address=Address("anne@exemple.fr"))

FILES = {
    "compte rendu d’été.pdf": b"%PDF-1.7 made up " * 400,
    "vide.txt": b"",
    "-rf": b"a name like an option",
}
NOBODY = Description(title="Compte rendu", date="2026-05-28", patient=None)


def sources_of(files: dict[str, bytes]) -> list[Source]:
    return [BytesSource(name, "text/plain", content) for name, content in files.items()]


def seal(
    folder: Path,
    *,
    to: Sequence[OfflineIdentity] = (JEANNE,),
    sender: OfflineIdentity = ANNE,
    files: dict[str, bytes] = FILES,
    document: Description = NOBODY,
) -> Path:
    publics = [identity.identity.public for identity in to]
    seal_into_folder(folder, sources_of(files), document, publics, sender=sender, now=NOW)
    return folder


def reader(
    *identities: OfflineIdentity, sender: PublicIdentityFile | OfflineIdentity = ANNE
) -> OfflineReader:
    known = sender.public_file if isinstance(sender, OfflineIdentity) else sender
    return OfflineReader([own.identity for own in identities or (JEANNE,)], [known])


def read_back(folder: Path, out: Path, *identities: OfflineIdentity) -> dict[str, bytes]:
    cover = open_folder_cover(folder, reader=reader(*identities))
    paths = open_into_folder(folder, cover, out)
    names = [file.name for file in cover.manifest.contents.files]
    return {name: path.read_bytes() for name, path in zip(names, paths, strict=True)}


def left_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# Sealing and opening


def test_what_was_sealed_opens_for_each_recipient(tmp_path: Path) -> None:
    folder = seal(tmp_path / "scellé", to=[JEANNE, PAUL])
    assert read_back(folder, tmp_path / "1", JEANNE) == FILES
    assert read_back(folder, tmp_path / "2", PAUL) == FILES


def test_a_reader_with_several_identities_opens_what_is_for_one_of_them(tmp_path: Path) -> None:
    folder = seal(tmp_path / "d", to=[PAUL])
    assert read_back(folder, tmp_path / "out", JEANNE, PAUL) == FILES


def test_the_folder_holds_contents_and_one_cover_for_each_recipient(tmp_path: Path) -> None:
    folder = seal(tmp_path / "d", to=[JEANNE, PAUL, JEANNE])
    assert left_in(folder) == ["contents.age", "covers"]
    names = {f"{identity.identity.public.fingerprint}.age" for identity in (JEANNE, PAUL)}
    assert set(left_in(folder / "covers")) == names
    assert left_in(tmp_path) == ["d"]


def test_only_its_owner_may_look_into_the_folder(tmp_path: Path) -> None:
    folder = seal(tmp_path / "d")
    for path in (folder, folder / "covers"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
    for path in (folder / "contents.age", *(folder / "covers").iterdir()):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_manifest_says_who_sealed_what_and_that_no_service_did(tmp_path: Path) -> None:
    folder = seal(tmp_path / "d", document=DESCRIPTION)
    manifest = open_folder_cover(folder, reader=reader()).manifest
    assert manifest.origin == OFFLINE_ORIGIN == "offline.invalid"
    assert manifest.sender == ANNE.sender
    assert manifest.document == DESCRIPTION
    assert manifest.recipient == JEANNE.identity.public.fingerprint
    assert manifest.created_at == NOW


def test_a_document_of_several_segments_opens(tmp_path: Path) -> None:
    files = {"grand": os.urandom(9_000_000), "petit": b"x"}
    seen: list[tuple[int, int]] = []
    folder = tmp_path / "d"
    seal_into_folder(
        folder, sources_of(files), NOBODY, [JEANNE.identity.public], sender=ANNE, now=NOW,
        on_segment=lambda done, total: seen.append((done, total)),
    )  # fmt: skip
    assert seen[-1][0] == seen[-1][1] > 1
    assert read_back(folder, tmp_path / "out") == files


def test_checking_a_folder_keeps_nothing(tmp_path: Path) -> None:
    folder = seal(tmp_path / "d")
    verify_folder(folder, open_folder_cover(folder, reader=reader()))
    assert left_in(tmp_path) == ["d"]


# Sealing that fails leaves nothing


class Shrinking(BytesSource):
    """A file that changes while it is read."""

    def check_unchanged(self) -> None:
        raise SourceChangedError("changed")


@pytest.mark.parametrize(
    ("sources", "error"),
    [
        ([], TooLargeToSendError),
        ([BytesSource("a/b", "text/plain", b"")], FileNameError),
        ([Shrinking("a", "text/plain", b"x")], SourceChangedError),
        ([BytesSource("é" * 100 + f"{n}", "text/plain", b"") for n in range(999)], SourceError),
    ],
    ids=["no file", "a name with a slash", "a file that changes", "too many words"],
)
def test_what_can_not_be_sealed_leaves_nothing(
    sources: list[Source], error: type[SourceError], tmp_path: Path
) -> None:
    with pytest.raises(error):
        seal_into_folder(
            tmp_path / "d", sources, NOBODY, [JEANNE.identity.public], sender=ANNE, now=NOW
        )
    assert left_in(tmp_path) == []


def test_a_title_that_no_manifest_may_hold_is_refused_before_anything(tmp_path: Path) -> None:
    with pytest.raises(ManifestRefusedError):
        seal(tmp_path / "d", document=replace(NOBODY, title="x" * 201))
    assert left_in(tmp_path) == []


def test_a_document_for_nobody_is_not_sealed(tmp_path: Path) -> None:
    with pytest.raises(ExchangeUsageError):
        seal(tmp_path / "d", to=[])


@pytest.mark.parametrize("what", ["folder", "file", "dangling link"])
def test_nothing_that_is_there_is_replaced(what: str, tmp_path: Path) -> None:
    folder = tmp_path / "d"
    match what:
        case "folder":
            folder.mkdir()
        case "file":
            folder.write_bytes(b"mine")
        case _:
            folder.symlink_to("nowhere")
    with pytest.raises(OutputExistsError):
        seal(folder)
    assert left_in(tmp_path) == ["d"]


def test_a_folder_that_can_not_be_made_is_reported(tmp_path: Path) -> None:
    with pytest.raises(OutputError):
        seal(tmp_path / "missing" / "d")


# Opening what is wrong is refused, and leaves nothing


def test_a_cover_is_refused_by_whoever_it_is_not_for(tmp_path: Path) -> None:
    folder = seal(tmp_path / "d", to=[PAUL])
    with pytest.raises(NotForMeError):
        open_folder_cover(folder, reader=reader(JEANNE))


def test_a_cover_under_another_recipient_s_name_is_refused(tmp_path: Path) -> None:
    folder = seal(tmp_path / "d", to=[PAUL])
    (cover,) = (folder / "covers").iterdir()
    cover.rename(cover_path(folder, JEANNE.identity.public.fingerprint))
    with pytest.raises(NotForMeError):
        open_folder_cover(folder, reader=reader(JEANNE))


def test_a_cover_that_was_sealed_again_for_another_is_not_theirs(tmp_path: Path) -> None:
    """A recipient can pass the plaintext on; that makes it nobody else's document."""
    folder = seal(tmp_path / "d")
    (path,) = (folder / "covers").iterdir()
    plaintext = decrypt(path.read_bytes(), HybridIdentity(JEANNE.identity.secret_age_seed()))
    public = PAUL.identity.public
    forged = cover_path(folder, public.fingerprint)
    forged.write_bytes(encrypt(plaintext, HybridRecipient(public.recipient_key)))
    with pytest.raises(AnotherRecipientError):
        open_folder_cover(folder, reader=reader(PAUL))


def test_another_sender_s_document_is_refused(tmp_path: Path) -> None:
    folder = seal(tmp_path / "d", sender=MALLORY)
    with pytest.raises(SenderRefusedError):
        open_folder_cover(folder, reader=reader())


def test_naming_somebody_else_as_the_sender_takes_their_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The manifest names Anne in every field, and Mallory signed it."""
    monkeypatch.setattr(OfflineIdentity, "sender", ANNE.sender)
    folder = seal(tmp_path / "d", sender=MALLORY)
    with pytest.raises(ManifestRefusedError) as refused:
        open_folder_cover(folder, reader=reader())
    assert not isinstance(refused.value, AnotherDocumentError)


CHANGES: list[Callable[[PublicIdentityFile], PublicIdentityFile]] = [
    lambda known: replace(known, name="Dr Anne Dupond"),
    lambda known: replace(known, address=Address("anne@exemple.org")),
    lambda known: replace(known, organisation=PAUL.organisation),
]


@pytest.mark.parametrize("change", CHANGES, ids=["name", "address", "organisation"])
def test_the_sender_is_who_the_reader_says_word_for_word(
    change: Callable[[PublicIdentityFile], PublicIdentityFile], tmp_path: Path
) -> None:
    folder = seal(tmp_path / "d")
    with pytest.raises(AnotherDocumentError):
        open_folder_cover(folder, reader=reader(sender=change(ANNE.public_file)))


def test_a_service_refuses_an_offline_document_and_the_other_way_round(
    practice: Practice, tmp_path: Path
) -> None:
    """The same member, the same keys; only the origin tells them apart."""
    sender = practice.sender
    member = OfflineIdentity(
        sender.identity, sender.statement.name, sender.statement.address, practice.fingerprint
    )
    folder = seal(tmp_path / "d", sender=member)
    cover = open_folder_cover(folder, reader=reader(sender=member))
    (path,) = (folder / "covers").iterdir()
    with pytest.raises(AnotherDocumentError):
        open_cover(
            path.read_bytes(),
            reader=Reader([JEANNE.identity], sender.origin, {practice.fingerprint}),
            document_id=cover.manifest.document_id,
            organisation=sender.organisation,
            member=sender.member,
        )
    delivered = _delivered_cover(practice, JEANNE.identity.public)
    path.write_bytes(delivered)
    with pytest.raises(AnotherDocumentError):
        open_folder_cover(folder, reader=reader(sender=member))


def _delivered_cover(practice: Practice, to: PublicIdentity) -> bytes:
    spooled = seal_into_spool(
        sources_of(FILES),
        DESCRIPTION,
        [VerifiedRecipient(new_invitation_id(), to, None, attested=False)],
        document_id=new_document_id(),
        sender=practice.sender,
        spool=MemorySpool(),
        now=NOW,
    )
    return spooled.covers[0].sealed


def flip(path: Path, at: int) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("at", [30, 700, 1_600, 1_630, 1_650, -1])
def test_one_flipped_bit_of_a_cover_is_noticed(at: int, tmp_path: Path) -> None:
    folder = seal(tmp_path / "d")
    (cover,) = (folder / "covers").iterdir()
    flip(cover, at)
    with pytest.raises(CoverRefusedError):
        open_folder_cover(folder, reader=reader())


@pytest.mark.parametrize("at", [30, 700, 1_600, 1_630, 1_650, 40_000, -1])
def test_one_flipped_bit_of_the_contents_leaves_nothing(at: int, tmp_path: Path) -> None:
    folder = seal(tmp_path / "d")
    flip(folder / "contents.age", at)
    with pytest.raises(ContentsRefusedError):
        read_back(folder, tmp_path / "out")
    assert left_in(tmp_path) == ["d"]


@pytest.mark.parametrize("change", [-1, -16, -65_000, 1])
def test_contents_cut_short_or_added_to_leave_nothing(change: int, tmp_path: Path) -> None:
    folder = seal(tmp_path / "d")
    contents = folder / "contents.age"
    whole = contents.read_bytes()
    contents.write_bytes(whole + b"x" if change > 0 else whole[:change])
    with pytest.raises(ContentsRefusedError):
        read_back(folder, tmp_path / "out")
    assert left_in(tmp_path) == ["d"]


def test_contents_cut_short_while_they_are_read_leave_nothing(tmp_path: Path) -> None:
    folder = seal(tmp_path / "d", files={"a": os.urandom(9_000_000)})
    cover = open_folder_cover(folder, reader=reader())
    contents = folder / "contents.age"

    def cut(done: int, _total: int) -> None:
        if done == 1:
            os.truncate(contents, 8_500_000)

    with pytest.raises(ContentsRefusedError):
        open_into_folder(folder, cover, tmp_path / "out", on_segment=cut)
    assert left_in(tmp_path) == ["d"]


def test_a_cover_beside_another_document_s_contents_is_refused(tmp_path: Path) -> None:
    """Both are Anne's, for Jeanne, of the same files: only the keys differ."""
    first, second = seal(tmp_path / "1"), seal(tmp_path / "2")
    (first / "contents.age").write_bytes((second / "contents.age").read_bytes())
    with pytest.raises(ContentsRefusedError):
        read_back(first, tmp_path / "out")


def test_a_cover_of_an_unknown_version_is_refused(tmp_path: Path) -> None:
    folder = seal(tmp_path / "d")
    (path,) = (folder / "covers").iterdir()
    key = HybridIdentity(JEANNE.identity.secret_age_seed())
    plaintext = decrypt(path.read_bytes(), key)
    fields = canonical.decode_padded(plaintext, multiple=8_192)
    newer = canonical.encode_padded({**fields, "version": 2}, multiple=8_192)
    path.write_bytes(encrypt(newer, key.recipient))
    with pytest.raises(CoverRefusedError):
        open_folder_cover(folder, reader=reader())


def test_a_cover_longer_than_any_cover_is_refused(tmp_path: Path) -> None:
    folder = seal(tmp_path / "d")
    (path,) = (folder / "covers").iterdir()
    path.write_bytes(path.read_bytes() + bytes(1_000_000))
    with pytest.raises(CoverRefusedError):
        open_folder_cover(folder, reader=reader())


@pytest.mark.parametrize("missing", ["contents.age", "covers", "all"])
def test_a_folder_that_is_not_whole_is_reported(missing: str, tmp_path: Path) -> None:
    folder = seal(tmp_path / "d")
    folder_or_file = folder if missing == "all" else folder / missing
    folder_or_file.rename(tmp_path / "elsewhere")
    with pytest.raises(SealedFolderError):
        read_back(folder, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_pipe_in_place_of_a_file_does_not_wait_for_ever(tmp_path: Path) -> None:
    folder = seal(tmp_path / "d")
    cover = open_folder_cover(folder, reader=reader())
    (folder / "contents.age").unlink()
    os.mkfifo(folder / "contents.age")
    with pytest.raises(SealedFolderError):
        open_into_folder(folder, cover, tmp_path / "out")


def test_nothing_is_opened_over_what_is_there(tmp_path: Path) -> None:
    folder = seal(tmp_path / "d")
    (tmp_path / "out").mkdir()
    with pytest.raises(OutputExistsError):
        read_back(folder, tmp_path / "out")
    assert left_in(tmp_path / "out") == []


def test_a_reader_s_limits_hold_offline_too(tmp_path: Path) -> None:
    folder = seal(tmp_path / "d")
    small = replace(reader(), limits=Limits(max_files=2))
    with pytest.raises(ManifestRefusedError):
        open_folder_cover(folder, reader=small)


def test_what_a_cover_claims_can_be_shown_to_its_recipient_only(tmp_path: Path) -> None:
    folder = seal(tmp_path / "d", sender=MALLORY)
    sealed = cover_path(folder, JEANNE.identity.public.fingerprint).read_bytes()
    claimed = unverified_manifest(sealed, identities=[JEANNE.identity])
    assert claimed.sender.fingerprint == MALLORY.identity.public.fingerprint
    with pytest.raises(NotForMeError):
        unverified_manifest(sealed, identities=[PAUL.identity])


def test_a_lone_cover_file_opens_whatever_its_name(tmp_path: Path) -> None:
    folder = seal(tmp_path / "d")
    (path,) = (folder / "covers").iterdir()
    moved = path.rename(tmp_path / "couverture.age")
    assert open_cover_file(moved, reader=reader()).manifest.document == NOBODY


# Identity files


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


# What is known without a key


def test_without_a_key_lengths_and_recipients_are_known(tmp_path: Path) -> None:
    folder = seal(tmp_path / "d", to=[JEANNE, PAUL])
    facts = inspect_folder(folder)
    assert facts.covers.keys() == {i.identity.public.fingerprint for i in (JEANNE, PAUL)}
    assert facts.others == ()
    for cover in facts.covers.values():
        assert cover.not_ours is None
        assert cover.roles == (Role.COVER,)
        assert cover.recipient_types == ("mlkem768x25519",)
    contents = facts.contents
    assert contents.size == (folder / "contents.age").stat().st_size
    assert contents.header_bytes == 1_627
    assert contents.payload is not None
    assert (contents.payload.plain_bytes, contents.payload.chunks) == (65_536, 1)
    assert contents.payload.segments == 1
    assert contents.roles == (Role.COVER, Role.CONTENTS)
    assert contents.tar_bytes is not None
    tar = open_folder_cover(folder, reader=reader()).manifest.contents.tar_length
    assert tar in contents.tar_bytes


@pytest.mark.parametrize("size", [0, 60_000, 64_000, 70_000, 1_000_000, 9_000_000])
def test_the_bounds_of_the_tar_hold_its_length_and_are_as_narrow_as_they_can_be(
    size: int, tmp_path: Path
) -> None:
    folder = seal(tmp_path / "d", files={"a": bytes(size)})
    contents = inspect_file(folder / "contents.age")
    bounds = contents.tar_bytes
    assert bounds is not None
    assert contents.payload is not None
    tar = open_folder_cover(folder, reader=reader()).manifest.contents.tar_length
    assert tar in bounds
    for length in (bounds[0], bounds[-1]):
        assert padded_length(length) == contents.payload.plain_bytes
    if bounds[0] > 1_536:
        assert padded_length(bounds[0] - 512) < contents.payload.plain_bytes


def test_a_folder_tells_what_else_lies_in_it(tmp_path: Path) -> None:
    folder = seal(tmp_path / "d")
    for name in ("notes.txt", "covers/Anne.age", f"covers/{'0' * 64}"):
        (folder / name).write_bytes(b"")
    assert set(inspect_folder(folder).others) == {
        "notes.txt", "covers/Anne.age", f"covers/{'0' * 64}",
    }  # fmt: skip


def test_no_folder_of_ours_is_reported(tmp_path: Path) -> None:
    with pytest.raises(SealedFolderError):
        inspect_folder(tmp_path)


_RAW = b"A" * 43  # 32 bytes of zeros, as age writes base64
X25519 = b"age-encryption.org/v1\n-> X25519 %b\n%b\n--- %b\n" % (_RAW, _RAW, _RAW)


@pytest.mark.parametrize(
    ("content", "reason", "types"),
    [
        (b"", NotOurs.NOT_AGE, ()),
        (b"%PDF-1.7", NotOurs.NOT_AGE, ()),
        (b"age-encryption.org/v2\n", NotOurs.NOT_AGE, ()),
        (b"age-encryption.org/v1\n", NotOurs.CUT_SHORT, ()),
        (b"age-encryption.org/v1\nhello\n", NotOurs.HEADER, ()),
        (b"-----BEGIN AGE ENCRYPTED FILE-----\nYWdl", NotOurs.ARMORED, ()),
        (X25519 + bytes(15), NotOurs.CUT_SHORT, ("X25519",)),
        (X25519 + bytes(16 + 20), NotOurs.RECIPIENT_TYPE, ("X25519",)),
        (X25519.replace(b"\n--- ", b"\n-> other a\n\n--- ") + bytes(36), NotOurs.RECIPIENTS,
         ("X25519", "other")),
        (X25519.replace(b"X25519 ", b"mlkem768x25519 ") + bytes(36), NotOurs.HEADER,
         ("mlkem768x25519",)),
    ],
)  # fmt: skip
def test_why_a_file_is_not_ours(
    content: bytes, reason: NotOurs, types: tuple[str, ...], tmp_path: Path
) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    facts = inspect_file(path)
    assert (facts.not_ours, facts.recipient_types) == (reason, types)
    assert facts.roles == ()
    assert facts.tar_bytes is None


def test_a_length_that_no_payload_has_is_told(tmp_path: Path) -> None:
    folder = seal(tmp_path / "d")
    contents = folder / "contents.age"
    contents.write_bytes(contents.read_bytes() + b"x")
    assert inspect_file(contents).not_ours is NotOurs.LENGTH
    assert inspect_file(contents).payload is None
