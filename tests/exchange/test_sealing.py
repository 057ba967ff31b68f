"""Sealing: what may be sealed, by whom, and what is made of it."""

import pytest
from exchange.memory_spool import MemorySpool
from exchange.people import DAY, NOW, Practice, make_practice
from exchange.sealed_world import ME, Sent, open_contents, open_own, seal, sources_of

from souspli_exchange.age.file import decrypt
from souspli_exchange.age.unwrap import HybridIdentity
from souspli_exchange.contents_sealer import ContentsSealer
from souspli_exchange.cover import parse_cover
from souspli_exchange.errors import (
    CoverRefusedError,
    ExchangeUsageError,
    FileNameError,
    SenderRefusedError,
    SourceChangedError,
    TooLargeToSendError,
)
from souspli_exchange.manifest import Limits
from souspli_exchange.sources import BytesSource
from souspli_exchange.spool import parse_spooled
from souspli_keys.statements import Role


class Failing(BytesSource):
    """A file that becomes shorter halfway."""

    def read_into(self, offset: int, out: memoryview) -> None:
        raise SourceChangedError(f"shorter than {offset + len(out)} bytes")


def test_a_source_that_fails_leaves_nothing_and_is_never_sealed_further(
    practice: Practice,
) -> None:
    source = Failing("a.txt", "text/plain", b"x")
    with pytest.raises(SourceChangedError):
        seal(practice, [source])
    sealer = ContentsSealer([source], created_at=NOW)
    with pytest.raises(SourceChangedError):
        sealer.seal_next()
    with pytest.raises(ExchangeUsageError):
        sealer.seal_next()
    with pytest.raises(ExchangeUsageError):
        sealer.finish()


def test_no_segment_is_sealed_after_the_last(practice: Practice) -> None:
    sealer = ContentsSealer(sources_of({"a": b""}), created_at=NOW)
    with pytest.raises(ExchangeUsageError):
        sealer.finish()
    assert len(list(sealer.segments())) == 1
    with pytest.raises(ExchangeUsageError):
        sealer.seal_next()
    assert sealer.finish().contents.files[0].size == 0


@pytest.mark.parametrize("files", [{}, {"a/b": b""}, {"A": b"", "a": b""}])
def test_what_no_manifest_may_name_is_not_sealed(
    practice: Practice, files: dict[str, bytes]
) -> None:
    with pytest.raises((FileNameError, TooLargeToSendError)):
        seal(practice, sources_of(files))


def test_more_files_or_bytes_than_the_limits_are_not_sealed() -> None:
    with pytest.raises(TooLargeToSendError):
        ContentsSealer(sources_of({"a": b"xx"}), created_at=NOW, limits=Limits(max_bytes=1))
    with pytest.raises(TooLargeToSendError):
        ContentsSealer(sources_of({"a": b"", "b": b""}), created_at=NOW, limits=Limits(max_files=1))


@pytest.mark.parametrize("role", Role)
def test_every_role_may_send_documents(role: Role) -> None:
    practice = make_practice(role=role)
    sent = seal(practice, sources_of({"a": b"x"}))
    assert open_own(practice, sent.cover, sent)


def test_the_sender_opens_their_own_cover(practice: Practice, sent: Sent) -> None:
    own = practice.sender.open_own_cover(sent.spooled.sender_cover, sent.spooled.document_id)
    assert open_contents(own, sent.contents)[1][0] == b"text " * 50
    assert own.manifest.recipient == practice.sender.identity.public.fingerprint


def test_every_cover_has_a_manifest_of_its_own(practice: Practice, sent: Sent) -> None:
    own = practice.sender.open_own_cover(sent.spooled.sender_cover, sent.spooled.document_id)
    mine = open_own(practice, sent.cover, sent)
    assert own.manifest_hash != mine.manifest_hash
    assert own.manifest.salt != mine.manifest.salt
    assert own.manifest.contents == mine.manifest.contents


def test_a_spooled_document_survives_being_written_down(sent: Sent) -> None:
    spool = MemorySpool()
    spool.commit(sent.spooled)
    assert parse_spooled(spool.committed[sent.spooled.document_id]) == sent.spooled


def test_a_cover_s_plaintext_is_padded_and_read_strictly(sent: Sent) -> None:
    plaintext = decrypt(sent.cover, HybridIdentity(ME.secret_age_seed()))
    assert len(plaintext) % 8_192 == 0
    assert parse_cover(plaintext).grants == ()
    for wrong in (plaintext.rstrip(b" "), plaintext + b" " * 8_192, plaintext[:-1] + b"\n"):
        with pytest.raises(CoverRefusedError):
            parse_cover(wrong)


def test_a_colleague_certified_a_year_later_reads_nothing_into_the_past(
    practice: Practice,
) -> None:
    late = make_practice(root=practice.root, not_before=NOW + DAY)
    with pytest.raises(SenderRefusedError):
        seal(late, sources_of({"a": b"x"}))
