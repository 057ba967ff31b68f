"""Everything that a mail's files turn out to be (docs/specs/intake.md §3)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from souspli_cli.intake.declared import differs
from souspli_cli.intake.errors import BeyondLimitsError, NotThisFormatError
from souspli_cli.intake.inner import with_inner_cda
from souspli_cli.intake.names import TEXT_STEM, clean_name
from souspli_cli.intake.readers import names_patients_unread, reader_of
from souspli_cli.intake.sniff import Kind, sniff
from souspli_cli.intake.values import Document, File, Finding
from souspli_cli.intake.zip_listing import ZipKind, stated_totals
from souspli_cli.intake.zips import read_zip

if TYPE_CHECKING:
    from souspli_cli.intake.limits import Limits


@dataclass(frozen=True, slots=True, repr=False, kw_only=True)
class Piece:
    """A file as it came, out of a mail or a zip."""

    content: bytes
    name: str | None = None
    declared_type: str = ""
    is_text: bool = False
    """Written into the mail, not attached to it."""
    findings: frozenset[Finding] = frozenset()


@dataclass(frozen=True, slots=True, repr=False, kw_only=True)
class Loose:
    """A file that names no patient."""

    file: File
    is_text: bool
    findings: frozenset[Finding]


class Gathered:
    """What has been read so far of one mail."""

    def __init__(self, limits: Limits) -> None:
        self.documents: list[Document] = []
        self.loose: list[Loose] = []
        self._limits = limits

    def add(self, piece: Piece) -> None:
        """Read one file. Raises BeyondLimitsError, and nothing else."""
        self._add(piece, depth=1)

    def _add(self, piece: Piece, *, depth: int) -> None:
        if depth > self._limits.depth:
            raise BeyondLimitsError("depth: zips in zips, too many times")
        kind = sniff(piece.content, name=piece.name or "")
        name, changed = clean_name(piece.name, extension="" if piece.is_text else kind.extension)
        if piece.is_text:
            name = f"{TEXT_STEM}{kind.extension or '.txt'}"
        findings = piece.findings | _odd(piece, kind, changed=changed)
        loose = Loose(
            file=File(name=name, media_type=kind.media_type, content=piece.content),
            is_text=piece.is_text,
            findings=findings,
        )
        if kind.zip_kind is ZipKind.FILES:
            self._add_zip(loose, depth=depth)
        elif kind.zip_kind is ZipKind.UNREADABLE:
            self._check_limits(loose)
            self._add_loose(loose, Finding.BROKEN)
        else:
            self._read(loose, kind)

    def _read(self, loose: Loose, kind: Kind) -> None:
        file = loose.file
        reader = reader_of(file.content, kind)
        if reader is None:
            if names_patients_unread(file.content, kind):
                self._add_loose(loose, Finding.BROKEN)
            else:
                self.loose.append(loose)
            return
        limits = self._limits
        if kind.zip_kind is ZipKind.XDM:
            self._charge(loose)
        try:
            documents = reader(file.content, name=file.name, limits=limits)
        except NotThisFormatError:
            self._add_loose(loose, Finding.BROKEN)
            return
        for read in documents:
            document = with_inner_cda(read, limits=self._limits)
            self.documents.append(replace(document, findings=document.findings | loose.findings))
            made = sum(len(file.content) for file in document.files if file.derived)
            self._limits = self._limits.after(0 if kind.zip_kind else made)
        if len(self.documents) > self._limits.documents:
            raise BeyondLimitsError("documents: a mail with too many documents")

    def _add_zip(self, loose: Loose, *, depth: int) -> None:
        """Take a zip's files for the mail's own if any of them may name a patient.

        One that holds nothing of the kind travels whole, as its sender packed it.
        """
        try:
            archive = read_zip(loose.file.content, limits=self._limits)
        except NotThisFormatError:
            self._charge(loose)
            self._add_loose(loose, Finding.BROKEN)
            return
        self._charge(loose)
        inner = Gathered(self._limits)
        inherited = loose.findings - {Finding.NAME_CHANGED, Finding.MEDIA_TYPE_DIFFERS}
        if archive.ignored:
            inherited |= {Finding.ENTRIES_IGNORED}
        for file in archive.files:
            piece = Piece(content=file.content, name=file.name, findings=inherited)
            inner._add(piece, depth=depth + 1)
        self._limits = inner._limits
        uncertain = any(Finding.BROKEN in found.findings for found in inner.loose)
        if inner.documents or uncertain:
            self.documents += inner.documents
            self.loose += inner.loose
            return
        executable = any(Finding.EXECUTABLE in found.findings for found in inner.loose)
        found = loose.findings | ({Finding.EXECUTABLE} if executable else frozenset[Finding]())
        self.loose.append(replace(loose, findings=found))

    def _check_limits(self, loose: Loose) -> None:
        """A zip that can't be listed may be one that lists too much: that is said clearly."""
        try:
            read_zip(loose.file.content, limits=self._limits)
        except NotThisFormatError:
            self._charge(loose)

    def _charge(self, loose: Loose) -> None:
        """Count what a zip lists, whether it could be read to its end or not.

        Otherwise a zip of a thousand zips, each broken in its last entry, is unpacked a
        thousand times, and a few kilobytes of zips in zips list millions of empty files.
        """
        entries, unpacked = stated_totals(loose.file.content)
        self._limits = self._limits.after(unpacked, entries=entries)

    def _add_loose(self, loose: Loose, finding: Finding) -> None:
        self.loose.append(replace(loose, findings=loose.findings | {finding}))


def _odd(piece: Piece, kind: Kind, *, changed: bool) -> frozenset[Finding]:
    found: set[Finding] = set()
    if changed:
        found.add(Finding.NAME_CHANGED)
    if kind.executable:
        found.add(Finding.EXECUTABLE)
    if differs(piece.declared_type, kind.media_type):
        found.add(Finding.MEDIA_TYPE_DIFFERS)
    return frozenset(found)
