"""Vectors of sealed-document.md §1 and §3: Padmé lengths, tars, manifests."""

import io
import json
import math
import tarfile
from collections.abc import Callable
from hashlib import sha256
from typing import Any

from vectors.making import accept, bytes_for, json_body, refuse
from vectors.reader import Vector

from souspli_exchange.bundle import Bundle, BundledFile, file_headers, padded_length
from souspli_exchange.segments import SegmentLayout
from souspli_keys import canonical

CREATED_AT = 1_801_000_000
GIB = 1_024**3

Json = dict[str, Any]  # manifests are taken apart and altered


def contents_vectors() -> list[Vector]:
    """Return all of them."""
    return [*_lengths(), *_headers(), *_tars(), *_manifests()]


# --- lengths --------------------------------------------------------------------------


def _padme(length: int) -> int:
    """The formula of §1 in floating point, as a second way to compute it."""
    exponent = math.floor(math.log2(length))
    bits = math.floor(math.log2(exponent)) + 1
    mask = int(2 ** (exponent - bits)) - 1
    return (length + mask) & ~mask


def _lengths() -> list[Vector]:
    lengths = [1_024, 65_536, 65_537, 66_560, 100_352, 100_353, 1_000_000, 8_388_608]
    lengths += [8_388_609, 2_147_483_648, 2_148_506_624, 8 * GIB + 1]
    found: list[Vector] = []
    for length in lengths:
        padded = padded_length(length)
        if padded != max(65_536, _padme(length)):
            raise ValueError(f"two ways to pad {length} differ")
        layout = SegmentLayout(padded)
        found.append(
            accept(
                f"padded-length/{length}",
                f"a tar of {length} bytes is padded to {padded}",
                tar_length=length,
                padded_length=padded,
                sealed_length=layout.sealed_length,
                segments=layout.count,
            )
        )
    return found


# --- tars -----------------------------------------------------------------------------

NAMES = {
    "ascii": ("a printable ASCII name stands in its header", "report.pdf"),
    "space": ("a space is printable ASCII", "my report.pdf"),
    "100-bytes": ("a name of 100 bytes still stands in its header", "x" * 100),
    "101-bytes": ("a name of 101 bytes goes into a pax record", "x" * 101),
    "accent": ("a name outside ASCII goes into a pax record", "compte rendu é.pdf"),
    "emoji": ("an emoji is four bytes of UTF-8 in the record", "radio 🦴.pdf"),
    "three-digits": ("a record's length counts its own third digit", "é" * 45 + "x"),
    "99-bytes": ("a record of 99 bytes has two digits of length", "é" * 45),
    "127-letters": ("the longest name of two-byte letters", "é" * 127),
}


def _headers() -> list[Vector]:
    cases = [(slug, what, name, 5, 1, CREATED_AT) for slug, (what, name) in NAMES.items()]
    cases += [
        ("empty-file", "an empty file has a size of zeros", "report.pdf", 0, 1, CREATED_AT),
        ("below-8-gib", "eleven octal digits hold it", "scan.bin", 8 * GIB - 1, 1, CREATED_AT),
        ("8-gib", "8 GiB go into a pax record", "scan.bin", 8 * GIB, 1, CREATED_AT),
        ("8-gib-accent", "path comes before size", "é.bin", 8 * GIB, 1, CREATED_AT),
        ("third-file", "the number of the file names its headers", "é.bin", 5, 3, CREATED_AT),
        ("thousandth-file", "numbers are decimal", "é.bin", 5, 1_000, CREATED_AT),
        ("1970", "the moment zero", "report.pdf", 5, 1, 0),
        ("2242", "the last moment of eleven octal digits", "report.pdf", 5, 1, 8_589_934_591),
    ]
    found: list[Vector] = []
    for slug, what, name, size, number, created_at in cases:
        headers = file_headers(BundledFile(name, size), number=number, created_at=created_at)
        _check_headers(headers, name, size, created_at)
        found.append(
            accept(
                f"tar-header/{slug}",
                what,
                headers,
                name=name.encode(),
                size=size,
                number=number,
                created_at=created_at,
            )
        )
    return found


def _check_headers(headers: bytes, name: str, size: int, created_at: int) -> None:
    """Have Python's own reader say the same."""
    with tarfile.open(fileobj=io.BytesIO(headers), mode="r:") as archive:
        member = archive.next()
    if member is None or (member.name, member.size, member.mtime) != (name, size, created_at):
        raise ValueError(f"another reader sees something else in {name!r}")


def _tars() -> list[Vector]:
    cases = {
        "one-file": ("one small file", {"report.pdf": b"%PDF-1.7 invented\n"}),
        "empty-file": ("a file without a byte", {"empty.txt": b""}),
        "whole-block": ("a file of exactly one block has no padding", {"a.bin": b"x" * 512}),
        "three-files": (
            "three files in the manifest's order, not the alphabet's",
            {"z é.pdf": b"z" * 700, "a.txt": b"", "m.bin": bytes(range(256)) * 300},
        ),
    }
    found: list[Vector] = []
    for slug, (what, files) in cases.items():
        bundle, tar = make_tar(files)
        body = [{"name": name, "content": content.hex()} for name, content in files.items()]
        found.append(
            accept(
                f"tar/{slug}",
                what,
                json_body(body),
                created_at=CREATED_AT,
                tar_length=bundle.tar_length,
                padded_length=bundle.padded_length,
                sha256=sha256(tar).digest(),
                tree_hash=sha256(b"\0" + tar).digest(),
            )
        )
    return found


def make_tar(files: dict[str, bytes]) -> tuple[Bundle, bytes]:
    """Return the padded tar of some files, checked with Python's own reader."""
    bundle = Bundle(
        [BundledFile(name, len(content)) for name, content in files.items()],
        created_at=CREATED_AT,
    )
    contents = list(files.values())
    tar = bytearray(bundle.padded_length)

    def read(index: int, offset: int, out: memoryview) -> None:
        out[:] = contents[index][offset : offset + len(out)]

    bundle.fill(0, memoryview(tar), read=read)
    with tarfile.open(fileobj=io.BytesIO(tar), mode="r:") as archive:
        if archive.getnames() != list(files):
            raise ValueError("another reader sees other files")
    return bundle, bytes(tar)


# --- manifests ------------------------------------------------------------------------


def manifest_json() -> Json:
    """Return a manifest that is right, its hashes and keys invented."""
    return {
        "checkpoint": None,
        "contents": {
            "files": [
                file_json("compte rendu é.pdf", size=18, sha256=bytes_for("file 1").hex()),
                file_json("scan.tif", size=67_108_865, sha256=None, media_type="image/tiff"),
            ],
            "padded_length": 68_157_440,
            "sealed_length": 68_175_723,
            "tar_length": 67_112_960,
            "tree_hash": bytes_for("tree hash").hex(),
        },
        "created_at": CREATED_AT,
        "document": {
            "date": "2027-01-26",
            "kind": "11502-2",
            "patient": {
                "birth_date": "1951-02-00",
                "birth_name": "Le Goff-Œuvrard",
                "given_names": "Jeanne Marie",
                "ins": {"matricule": "251026900100147", "oid": "1.2.250.1.213.1.4.8"},
                "sex": "F",
            },
            "priority": "routine",
            "replaces": None,
            "title": "Compte rendu d’analyses",
            "withdraws": None,
        },
        "document_id": bytes_for("document", 16).hex(),
        "origin": "souspli.localhost",
        "recipient": bytes_for("recipient").hex(),
        "salt": bytes_for("manifest salt", 16).hex(),
        "sender": {
            "address": "claire@tilleuls.example",
            "fingerprint": bytes_for("sender").hex(),
            "name": "Dr Claire d’Alençon",
            "on_behalf_of": None,
            "organisation": bytes_for("organisation").hex(),
        },
        "version": 1,
    }


def file_json(
    name: str, *, size: int = 5, sha256: str | None = "0" * 64, media_type: str = "application/pdf"
) -> Json:
    """Return a file of a manifest."""
    return {"media_type": media_type, "name": name, "sha256": sha256, "size": size}


def _manifests() -> list[Vector]:
    return [*_accepted_manifests(), *_refused_manifests(), *_refused_names()]


def _altered(alter: Callable[[Json], object]) -> bytes:
    manifest = manifest_json()
    alter(manifest)
    return canonical.encode(manifest)


def _set(*path: str | int, to: object) -> Callable[[Json], None]:
    def alter(manifest: Json) -> None:
        target: Any = manifest
        for step in path[:-1]:
            target = target[step]
        target[path[-1]] = to

    return alter


def _drop(*path: str | int) -> Callable[[Json], None]:
    def alter(manifest: Json) -> None:
        target: Any = manifest
        for step in path[:-1]:
            target = target[step]
        del target[path[-1]]

    return alter


def _files(*files: Json) -> Callable[[Json], None]:
    return _set("contents", "files", to=list(files))


def _accepted_manifests() -> list[Vector]:
    cases: dict[str, tuple[str, Callable[[Json], object]]] = {
        "whole": ("a manifest with every field filled", lambda _: None),
        "least": (
            "kind and ins may be null",
            lambda m: (m["document"].update(kind=None), m["document"]["patient"].update(ins=None)),
        ),
        "replaces": (
            "replaces and withdraws are document ids",
            lambda m: m["document"].update(replaces="0" * 32, withdraws="f" * 32),
        ),
        "nobody": ("a document may be about nobody", _set("document", "patient", to=None)),
        "urgent": ("priority may be urgent", _set("document", "priority", to="urgent")),
        "soon": ("priority may be soon", _set("document", "priority", to="soon")),
        "born-some-day-of-1900": (
            "unknown month and day of birth are 00",
            _set("document", "patient", "birth_date", to="1900-00-00"),
        ),
        "title-of-200-emoji": (
            "characters are code points, not UTF-16 units",
            _set("document", "title", to="🦴" * 200),
        ),
        "name-of-200-characters": ("200 characters", _files(file_json("x" * 200))),
        "name-of-255-bytes": ("255 bytes", _files(file_json("é" * 127 + "x"))),
        "three-dots": ("three dots are a name like others", _files(file_json("..."))),
        "file-of-64-mib": (
            "a file of exactly 64 MiB has a hash",
            _files(file_json("a", size=67_108_864)),
        ),
        "1000-files": (
            "a thousand files",
            _files(*(file_json(f"{number}") for number in range(1_000))),
        ),
        "2242": ("the last moment of eleven octal digits", _set("created_at", to=8_589_934_591)),
        "corsica": (
            "a matricule may hold one letter",
            _set("document", "patient", "ins", "matricule", to="251022A00100147"),
        ),
    }
    return [
        accept(
            f"manifest/{slug}",
            what,
            _altered(alter),
            manifest_hash=sha256(_altered(alter)).digest(),
        )
        for slug, (what, alter) in cases.items()
    ]


def _refused_manifests() -> list[Vector]:
    cases: dict[str, tuple[str, Callable[[Json], object]]] = {
        "unknown-field": ("an unknown field", _set("note", to="x")),
        "unknown-field-inside": (
            "an unknown field of a file",
            _set("contents", "files", 0, "mode", to=1),
        ),
        "missing-field": ("a field is never left out", _drop("checkpoint")),
        "missing-patient": ("about nobody is said by null", _drop("document", "patient")),
        "patient-text": ("a patient is an object", _set("document", "patient", to="Martin")),
        "missing-ins": ("a null is written", _drop("document", "patient", "ins")),
        "version-2": ("an unknown version", _set("version", to=2)),
        "version-text": ("a version is a number", _set("version", to="1")),
        "version-true": ("true is not 1", _set("version", to=True)),
        "checkpoint": ("a checkpoint before there is a log", _set("checkpoint", to="x")),
        "on-behalf-of": (
            "a delegation before there are any",
            _set("sender", "on_behalf_of", to="x"),
        ),
        "salt-short": ("a salt has 128 bits", _set("salt", to="00")),
        "document-id-capitals": ("an id is lower case", _set("document_id", to="A" * 32)),
        "recipient-short": ("a fingerprint has 64 digits", _set("recipient", to="0" * 63)),
        "tree-hash-null": ("a tree hash is needed", _set("contents", "tree_hash", to=None)),
        "created-at-negative": ("a moment is not negative", _set("created_at", to=-1)),
        "created-at-2243": (
            "a moment of twelve octal digits",
            _set("created_at", to=8_589_934_592),
        ),
        "created-at-text": ("a moment is a number", _set("created_at", to="1801000000")),
        "title-empty": ("a title has a character", _set("document", "title", to="")),
        "title-long": ("a title has 200 characters", _set("document", "title", to="x" * 201)),
        "title-null": ("a title is a text", _set("document", "title", to=None)),
        "kind-free-text": ("a kind is a LOINC code", _set("document", "kind", to="biology")),
        "kind-two-check-digits": (
            "a LOINC code has one check digit",
            _set("document", "kind", to="11502-22"),
        ),
        "date-february-30": (
            "a date is a day of the calendar",
            _set("document", "date", to="2027-02-30"),
        ),
        "date-unknown-day": (
            "only a birth date has unknown parts",
            _set("document", "date", to="2027-02-00"),
        ),
        "date-compact": ("a date has hyphens", _set("document", "date", to="20270226")),
        "date-time": ("a date has no time", _set("document", "date", to="2027-02-26T00:00")),
        "birth-date-month-13": (
            "there is no thirteenth month",
            _set("document", "patient", "birth_date", to="1951-13-00"),
        ),
        "birth-date-day-32": (
            "no month has 32 days",
            _set("document", "patient", "birth_date", to="1951-00-32"),
        ),
        "priority": ("priority is one of two words", _set("document", "priority", to="stat")),
        "sex": ("sex is F, M or U", _set("document", "patient", "sex", to="f")),
        "ins-short": (
            "a matricule has 15 characters",
            _set("document", "patient", "ins", "matricule", to="2510269001001"),
        ),
        "ins-oid": (
            "an oid is numbers and dots",
            _set("document", "patient", "ins", "oid", to="1.2.250."),
        ),
        "replaces-short": ("replaces is a document id", _set("document", "replaces", to="00")),
        "no-file": ("a document has a file", _files()),
        "1001-files": (
            "a thousand files at most",
            _files(*(file_json(f"{number}") for number in range(1_001))),
        ),
        "more-than-2-gib": (
            "2 GiB of files at most",
            _files(
                *(file_json(f"{n}", size=2**30, sha256=None) for n in range(2)),
                file_json("b", size=1),
            ),
        ),
        "hash-missing": ("a file up to 64 MiB has a hash", _files(file_json("a", sha256=None))),
        "hash-of-a-large-file": (
            "a file above 64 MiB has none",
            _files(file_json("a", size=67_108_865)),
        ),
        "size-negative": ("a size is not negative", _files(file_json("a", size=-1))),
        "media-type-capitals": (
            "a media type is lower case",
            _files(file_json("a", media_type="Application/pdf")),
        ),
        "media-type-parameter": (
            "a media type has no parameter",
            _files(file_json("a", media_type="text/plain; charset=utf-8")),
        ),
        "media-type-long": (
            "100 characters at most",
            _files(file_json("a", media_type="a/" + "b" * 99)),
        ),
        "files-object": ("files are a list", _set("contents", "files", to={})),
        "sender-text": ("a sender is an object", _set("sender", to="x")),
    }
    found = [
        refuse(f"manifest/{slug}", what, _altered(alter)) for slug, (what, alter) in cases.items()
    ]
    good = canonical.encode(manifest_json())
    spelt: dict[str, tuple[str, bytes]] = {
        "fraction": ("a number with a fraction", good.replace(b'"version":1', b'"version":1.0')),
        "exponent": ("a number with an exponent", good.replace(b'"size":18', b'"size":1.8e1')),
        "space": ("white space", good.replace(b'"version":1', b'"version": 1')),
        "duplicate": ("a field twice", good.replace(b'"version":1', b'"version":1,"version":1')),
        "order": ("fields in another order", json.dumps(dict(reversed(manifest_json().items())),
            ensure_ascii=False, separators=(",", ":")).encode()),
        "escaped": ("an escape that need not be", good.replace("é".encode(), b"\\u00e9")),
        "trailing-space": ("bytes after the end", good + b" "),
        "array": ("an array", b"[" + good + b"]"),
        "empty": ("nothing", b""),
    }  # fmt: skip
    found += [refuse(f"manifest/{slug}", what, body) for slug, (what, body) in spelt.items()]
    return found


def _refused_names() -> list[Vector]:
    cases: dict[str, tuple[str, list[str]]] = {
        "empty": ("a name has a character", [""]),
        "dot": ("the folder itself", ["."]),
        "dots": ("the folder above", [".."]),
        "slash": ("a folder and a file", ["a/b"]),
        "absolute": ("an absolute path", ["/etc/passwd"]),
        "up": ("a way up", ["../a"]),
        "backslash": ("a folder on Windows", ["a\\b"]),
        "space-first": ("a space in front", [" a"]),
        "space-last": ("a space at the end", ["a "]),
        "201-characters": ("200 characters at most", ["x" * 201]),
        "300-characters": ("300 characters", ["x" * 300]),
        "256-bytes": ("255 bytes at most", ["é" * 128]),
        "same": ("two files of one name", ["a.pdf", "a.pdf"]),
        "case": ("two names that differ in case alone", ["report.pdf", "Report.PDF"]),
        "sharp-s": ("ß and SS are one on some disks", ["straße.pdf", "STRASSE.pdf"]),
        "capital-sharp-s": ("ß and ẞ", ["straße.pdf", "STRAẞE.pdf"]),
        "final-sigma": ("ς and Σ", ["ς.pdf", "Σ.pdf"]),
    }
    found = [
        refuse(f"manifest/name-{slug}", what, _altered(_files(*map(file_json, names))))
        for slug, (what, names) in cases.items()
    ]
    # Canonical JSON can't be written with these, so they are put in afterwards.
    holder = _altered(_files(file_json("NAME")))
    raw = {
        "line-feed": ("a line feed", "a\nb"),
        "nul": ("a NUL", "a\0b"),
        "delete": ("a delete character", "a\x7fb"),
        "right-to-left": ("a name that reads backwards", "cod\u202efdp.exe"),
        "decomposed": ("a name that is not in NFC", "e\u0301.pdf"),
        "byte-order-mark": ("a byte order mark", "\ufeffa"),
    }
    for slug, (what, name) in raw.items():
        body = holder.replace(b'"NAME"', json.dumps(name, ensure_ascii=False).encode())
        found.append(refuse(f"manifest/name-{slug}", what, body))
    surrogate = holder.replace(b'"NAME"', b'"\\ud800"')
    found.append(refuse("manifest/name-surrogate", "a lone surrogate", surrogate))
    return found
