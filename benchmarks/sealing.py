"""Sealing and opening in a process that runs already, beside starting `age` for it.

And beside what can't be beaten: the cipher and the hash alone, on one thread.
"""

from __future__ import annotations

import hashlib
import os
from functools import partial
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from benchmarks.measure import Measured, run, side_by_side
from benchmarks.offline import LARGE, emptied, random_file
from benchmarks.programs import Programs
from souspli_exchange.cover import Cover
from souspli_exchange.engine import seal_contents
from souspli_exchange.ids import new_document_id, random_hex
from souspli_exchange.manifest import Description, Manifest, encode_manifest
from souspli_exchange.offline_identity import OFFLINE_ORIGIN, new_identity
from souspli_exchange.offline_open import OfflineReader, open_folder_cover, open_into_folder
from souspli_exchange.offline_seal import seal_into_folder
from souspli_exchange.sealed import seal_cover
from souspli_exchange.sources import BytesSource, PathSource
from souspli_keys import dsse
from souspli_keys.dsse import PayloadType

CHUNK = 65_536
SMALL = 200 * 1024
NOW = 1_800_000_000
DESCRIPTION = Description(title="report", date="2026-11-22", patient=None)


def measure_large(programs: Programs) -> list[Measured]:
    """Seal and open 256 MiB from disk to disk, everything signed and verified."""
    path = random_file(programs.folder, LARGE)
    out, kept = programs.folder / "out", programs.folder / "kept"
    sender, reader = new_identity(), new_identity()

    def seal(folder: Path) -> None:
        with PathSource(path, media_type="application/octet-stream") as source:
            recipients = [reader.public_file.public]
            seal_into_folder(folder, [source], DESCRIPTION, recipients, sender=sender, now=NOW)

    def open_(folder: Path) -> None:
        who = OfflineReader([reader.identity], [sender.public_file])
        open_into_folder(kept / "sealed", open_folder_cover(kept / "sealed", reader=who), folder)

    emptied(kept)()
    seal(kept / "sealed")
    found: list[Measured] = []
    for age in programs.age:
        run(*age.seal(path, kept / "other.age"))
        found += [
            side_by_side(
                "seal 256 MiB in a running process",
                ours=partial(seal, out / "sealed"),
                yardstick=f"{age.says}: encrypt",
                theirs=partial(run, *age.seal(path, out / "other.age")),
                bytes_each=LARGE,
                target=1.3,
                tidy=emptied(out),
            ),
            side_by_side(
                "open 256 MiB in a running process",
                ours=partial(open_, out / "opened"),
                yardstick=f"{age.says}: decrypt",
                theirs=partial(run, *age.open(kept / "other.age", out / "other")),
                bytes_each=LARGE,
                target=1.5,
                tidy=emptied(out),
            ),
        ]
        (kept / "other.age").unlink()
    return found


def measure_small(programs: Programs) -> list[Measured]:
    """Seal one report of 200 KiB in memory: contents, manifest, both signatures, cover."""
    path = random_file(programs.folder, SMALL)
    content = path.read_bytes()
    sender, reader = new_identity(), new_identity()
    out = programs.folder / "out"

    def seal() -> None:
        source = BytesSource(name="report.pdf", media_type="application/pdf", content=content)
        sealed = seal_contents([source], created_at=NOW, sink=_Forget())
        manifest = Manifest(
            salt=random_hex(),
            document_id=new_document_id(),
            origin=OFFLINE_ORIGIN,
            created_at=NOW,
            sender=sender.sender,
            recipient=reader.public_file.public.fingerprint,
            contents=sealed.contents,
            document=DESCRIPTION,
        )
        envelope = dsse.sign(PayloadType.MANIFEST, encode_manifest(manifest), sender.identity)
        seal_cover(Cover(sealed.document_key, envelope), reader.public_file.public)

    found = [
        side_by_side(
            "seal 200 KiB in a running process, signatures included (target: 1.5 ms)",
            ours=seal,
            yardstick=f"starting {age.says}: encrypt",
            theirs=partial(run, *age.seal(path, out / "other.age")),
            bytes_each=SMALL,
            target=4,
            tidy=emptied(out),
        )
        for age in programs.age
    ]
    floor = side_by_side(
        "seal 200 KiB in a running process, signatures included",
        ours=seal,
        yardstick="cipher and hash alone, on one thread",
        theirs=partial(cipher_and_hash, content),
        bytes_each=SMALL,
    )
    return [*found, floor]


class _Forget:
    def put(self, index: int, offset: int, sealed: memoryview) -> None:
        """Take a segment; nothing is kept, so that sealing alone is measured."""


def cipher_and_hash(data: bytes) -> None:
    """Encrypt and hash `data` once."""
    cipher = ChaCha20Poly1305(os.urandom(32))
    out = bytearray(CHUNK + 16)
    view = memoryview(data)
    for index, start in enumerate(range(0, len(data), CHUNK)):
        chunk = view[start : start + CHUNK]
        nonce = index.to_bytes(12, "big")
        cipher.encrypt_into(nonce, chunk, None, memoryview(out)[: len(chunk) + 16])
    hashlib.sha256(data).digest()
