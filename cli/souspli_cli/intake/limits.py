"""How much of a mail is read: bounds that hold before anything is built from it."""

from __future__ import annotations

from dataclasses import dataclass, replace

MIB = 1024**2


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds of one mail. Each reader checks those that its format can break."""

    mail_bytes: int = 64 * MIB
    """As advertised by SIZE; 36 MB are the largest of MSSanté's operators."""
    parts: int = 1_000
    """MIME parts of all depths."""
    depth: int = 20
    """Of MIME parts in parts, of zips in zips, of XML elements in elements ×10."""
    header_bytes: int = 256 * 1024
    """Of one part's headers."""
    documents: int = 500
    """Patients in one HPRIM file, messages in one HL7 batch, documents in one XDM zip."""
    files: int = 200
    """In one document."""
    unpacked_bytes: int = 256 * MIB
    """Of a zip's entries together, and of everything decoded from one mail."""
    ratio: int = 200
    """Unpacked to packed, of one zip entry beyond 1 MiB; deflate's best is 1,032."""
    entries: int = 2_000
    """In all zips of one mail, those in zips included: a zip of zips multiplies them."""
    elements: int = 500_000
    """Of one XML or JSON file: elements and attributes, or values. A tree takes some 200
    bytes for each; a report of 5 MB has 100,000."""

    def after(self, unpacked_bytes: int, *, entries: int = 0) -> Limits:
        """Return what is left of these for a mail that has already unpacked so much."""
        return replace(
            self,
            unpacked_bytes=max(0, self.unpacked_bytes - unpacked_bytes),
            entries=max(0, self.entries - entries),
        )


DEFAULT_LIMITS = Limits()
