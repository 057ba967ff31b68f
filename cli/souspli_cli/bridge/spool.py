"""The sealed spool: one file for each accepted mail (docs/specs/bridge.md §5).

Blocking calls. A mail is there whole or not at all: written under another name, made
durable, renamed. That the *name* is durable too is `FolderSync`'s to say, once for all
mails that were renamed meanwhile.
"""

from __future__ import annotations

import base64
import contextlib
import os
import re
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO, Final, TypeVar

import msgspec

from souspli_cli import box
from souspli_cli.box import Purpose
from souspli_cli.bridge.errors import SpoolDamagedError
from souspli_cli.bridge.slip import VERSION, DocumentSlip, MailSlip, MailSlips
from souspli_cli.errors import CliError
from souspli_exchange.durable import create_private, sync_file
from souspli_exchange.errors import ExchangeError
from souspli_exchange.segments import SegmentLayout

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from souspli_cli.bridge.accepting.sealing import SealedDocument

_FIRST_LINE: Final = b"souspli/v1/bridge/spool\n"
_SUFFIX: Final = ".sealed"
_UNFINISHED: Final = ".unfinished-"
_LENGTH_BYTES: Final = 4
# Linux takes as many pieces in one call; a mail has a few.
_PIECES_AT_ONCE: Final = 512

_QUEUE_ID: Final = re.compile(r"[A-Z2-7]{16}", re.ASCII)

_Slip = TypeVar("_Slip", MailSlip, DocumentSlip)


def new_queue_id() -> str:
    """Draw an id: 80 random bits, which say nothing of the mail."""
    return base64.b32encode(secrets.token_bytes(10)).decode("ascii")


def is_queue_id(text: str) -> bool:
    """Say whether this may be an id."""
    return _QUEUE_ID.fullmatch(text) is not None


@dataclass(frozen=True)
class SpooledMail(MailSlips):
    """An accepted mail: its slips, and where the contents of each document begin."""

    offsets: tuple[int, ...]


@dataclass(frozen=True)
class MailSpool:
    """The files of one folder, readable with the device's secret."""

    folder: Path
    secret: bytes = field(repr=False)

    def put(self, slip: MailSlip, documents: Sequence[SealedDocument]) -> None:
        """Write a mail under a name that nobody looks at; nothing of it is durable yet.

        May be done in another process than `finish`. Raises OSError; then nothing is there.
        """
        # A crash before `finish` leaves this file, which `remove_unfinished` removes.
        unfinished = self._unfinished(slip.queue_id)
        descriptor = create_private(unfinished)
        try:
            try:
                _write_all(descriptor, self._pieces(slip, documents))
            finally:
                os.close(descriptor)
        except BaseException:
            self.discard(slip.queue_id)
            raise

    def finish(self, queue_id: str) -> None:
        """Make a mail's content durable and give it its name, which a `FolderSync` makes durable.

        Raises OSError; then nothing of it is there.
        """
        unfinished = self._unfinished(queue_id)
        try:
            sync_file(unfinished)
            # A crash from here on leaves the mail: it is sent, answered for or not.
            unfinished.rename(self.path(queue_id))
        except BaseException:
            self.discard(queue_id)
            raise

    def read(self, queue_id: str) -> SpooledMail:
        """Give a mail's slips; its contents are not looked at.

        Raises SpoolDamagedError, FileNotFoundError, OSError.
        """
        with self.path(queue_id).open("rb") as file:
            if file.read(len(_FIRST_LINE)) != _FIRST_LINE:
                raise SpoolDamagedError("not a spool file")
            slip = self._read_slip(file, self._place(queue_id), MailSlip)
            documents: list[DocumentSlip] = []
            offsets: list[int] = []
            for number in range(slip.documents):
                place = self._place(queue_id, number)
                document = self._read_slip(file, place, DocumentSlip)
                documents.append(document)
                offsets.append(file.tell())
                file.seek(document.contents.sealed_length, os.SEEK_CUR)
            if slip.queue_id != queue_id or file.tell() != os.fstat(file.fileno()).st_size:
                raise SpoolDamagedError("a spool file was cut short or added to")
        return SpooledMail(slip, tuple(documents), tuple(offsets))

    def segment(self, mail: SpooledMail, number: int, index: int) -> bytes:
        """Give a sealed segment, byte for byte; OSError or SpoolDamagedError."""
        contents = mail.documents[number].contents
        try:
            where = SegmentLayout.of_sealed(contents.sealed_length).sealed_range(index)
        except ExchangeError:
            raise SpoolDamagedError("a spool file names no contents") from None
        with self.path(mail.slip.queue_id).open("rb") as file:
            file.seek(mail.offsets[number] + where.start)
            segment = file.read(len(where))
        if len(segment) != len(where):
            raise SpoolDamagedError("a spool file was cut short")
        return segment

    def queue_ids(self) -> Iterator[str]:
        """Give the ids of all mails, in no order."""
        for entry in os.scandir(self.folder):
            name = entry.name.removesuffix(_SUFFIX)
            if entry.name.endswith(_SUFFIX) and is_queue_id(name):
                yield name

    def remove(self, queue_id: str) -> None:
        """Forget a mail; nothing happens if there is none."""
        # Not synced: after a crash the ledger says that it was delivered.
        self.path(queue_id).unlink(missing_ok=True)

    def remove_unfinished(self) -> None:
        """Remove what a crash left of mails that nobody was told are kept."""
        for entry in os.scandir(self.folder):
            if entry.name.startswith("."):  # those of `files.write_atomically` as well
                (self.folder / entry.name).unlink(missing_ok=True)

    def _unfinished(self, queue_id: str) -> Path:
        return self.folder / f"{_UNFINISHED}{queue_id}"

    def discard(self, queue_id: str) -> None:
        """Remove what `put` wrote, as far as that is possible."""
        with contextlib.suppress(OSError):
            self._unfinished(queue_id).unlink()

    def path(self, queue_id: str) -> Path:
        """Give where a mail is kept."""
        return self.folder / f"{queue_id}{_SUFFIX}"

    def _pieces(
        self, slip: MailSlip, documents: Sequence[SealedDocument]
    ) -> Iterator[bytes | bytearray]:
        yield _FIRST_LINE
        yield from self._sealed(slip, self._place(slip.queue_id))
        for number, document in enumerate(documents):
            yield from self._sealed(document.slip, self._place(slip.queue_id, number))
            yield from document.segments

    def _sealed(self, slip: MailSlip | DocumentSlip, place: str) -> tuple[bytes, bytes]:
        tree = msgspec.to_builtins(slip)
        sealed = box.seal(self.secret, tree, purpose=Purpose.SPOOL, place=place)
        return len(sealed).to_bytes(_LENGTH_BYTES, "big"), sealed

    def _read_slip(self, file: BinaryIO, place: str, kind: type[_Slip]) -> _Slip:
        length = int.from_bytes(file.read(_LENGTH_BYTES), "big")
        if not 0 < length <= box.MAX_BOX_BYTES:
            raise SpoolDamagedError("a spool file was cut short")
        try:
            tree = box.unseal(self.secret, file.read(length), purpose=Purpose.SPOOL, place=place)
            slip = msgspec.convert(tree, kind)
        except (CliError, msgspec.ValidationError):
            # Not chained: the cause could carry what was opened.
            raise SpoolDamagedError("a spool file does not open") from None
        if slip.version != VERSION:
            raise SpoolDamagedError("a spool file of another version")
        return slip

    def _place(self, queue_id: str, number: int | None = None) -> str:
        place = f"bridge/spool/{queue_id}{_SUFFIX}"
        return place if number is None else f"{place}/{number}"


def _write_all(descriptor: int, pieces: Iterator[bytes | bytearray]) -> None:
    waiting = [memoryview(piece) for piece in pieces if piece]
    while waiting:
        written = os.writev(descriptor, waiting[:_PIECES_AT_ONCE])
        # A nearly full disk takes less than it was given, then refuses.
        while waiting and written >= len(waiting[0]):
            written -= len(waiting.pop(0))
        if written:
            waiting[0] = waiting[0][written:]
