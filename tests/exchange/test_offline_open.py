"""A folder that no service carried is opened by whom it is for, as it was sealed."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from exchange.memory_spool import MemorySpool
from exchange.offline_world import (
    ANNE,
    FILES,
    JEANNE,
    MALLORY,
    NOBODY,
    PAUL,
    left_in,
    read_back,
    reader,
    seal,
    sources_of,
)
from exchange.people import DESCRIPTION, NOW, Practice

from souspli_exchange.age.file import decrypt, encrypt
from souspli_exchange.age.recipient import HybridRecipient
from souspli_exchange.age.unwrap import HybridIdentity
from souspli_exchange.binding import VerifiedRecipient
from souspli_exchange.errors import (
    AnotherDocumentError,
    AnotherRecipientError,
    ContentsRefusedError,
    CoverRefusedError,
    ManifestRefusedError,
    NotForMeError,
    OutputExistsError,
    SealedFolderError,
    SenderRefusedError,
)
from souspli_exchange.ids import new_document_id, new_invitation_id
from souspli_exchange.manifest import Limits
from souspli_exchange.offline_folder import cover_path
from souspli_exchange.offline_identity import OfflineIdentity, PublicIdentityFile
from souspli_exchange.offline_open import open_cover_file, open_folder_cover, open_into_folder
from souspli_exchange.outgoing import seal_into_spool
from souspli_exchange.sealed import Reader, open_cover, unverified_manifest
from souspli_keys import canonical
from souspli_keys.address import Address
from souspli_keys.public import PublicIdentity


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
