"""Contents that are not what was signed, and what a hostile sender signed."""

from collections.abc import Callable
from typing import Any

from vectors.made_documents import OTHER_HASH, SENT, Json, Variant, change, cut, replace_header
from vectors.making import bytes_for

from souspli_exchange.age.lengths import SEALED_CHUNK_BYTES
from souspli_exchange.age.unwrap import HybridIdentity
from souspli_exchange.bundle import BLOCK_BYTES, Bundle, BundledFile, file_headers
from souspli_exchange.segments import START_BYTES


def altered_contents() -> list[Variant]:
    """Return contents that a reader finds out: changed, cut, or other than the manifest says."""
    two: dict[str, Any] = {
        "files": (("a.bin", bytes_for("a.bin", 70_000)),),
        "with_contents": True,
    }
    whole: dict[str, Any] = {"with_contents": True}
    first = START_BYTES + SEALED_CHUNK_BYTES

    def lie(**changes: object) -> Callable[[Json], object]:
        return lambda manifest: manifest["contents"].update(changes)

    def other_hash(manifest: Json) -> None:
        manifest["contents"]["files"][1]["sha256"] = OTHER_HASH

    def other_size(manifest: Json) -> None:
        manifest["contents"]["files"][1]["size"] += 1

    def swap(manifest: Json) -> None:
        manifest["contents"]["files"].reverse()

    return [
        Variant("contents-changed-header", "a byte of the header", 4,
                contents_sealed=change(500), **whole),
        Variant("contents-changed-nonce", "a byte of the nonce", 4,
                contents_sealed=change(1_630), **whole),
        Variant("contents-changed-chunk", "a byte of a chunk", 4,
                contents_sealed=change(2_000), **whole),
        Variant("contents-changed-tail", "a byte of the padding's chunk", 4,
                contents_sealed=change(-40), **whole),
        Variant("contents-cut-at-chunk", "cut after a whole chunk", 4,
                contents_sealed=cut(first), **two),
        Variant("contents-cut-inside", "cut inside a chunk", 4,
                contents_sealed=cut(first + 1_000), **two),
        Variant("contents-cut-a-byte", "one byte missing", 4, contents_sealed=cut(-1), **whole),
        Variant("contents-added", "one byte more", 4,
                contents_sealed=lambda data: bytes(data) + b"\0", **whole),
        Variant("contents-empty", "no bytes", 4, contents_sealed=cut(0), **whole),
        Variant("contents-chunks-swapped", "two chunks in the other order", 4,
                contents_sealed=lambda d: bytes(d[:START_BYTES] + d[first:] + d[START_BYTES:first]),
                **two),
        Variant("contents-of-another-key", "contents sealed to another document key", 4,
                cover=lambda c: c.update(document_key=_another_key()), **whole),
        Variant("contents-tree-hash", "other contents than were signed", 4,
                manifest=lie(tree_hash=OTHER_HASH), **whole),
        Variant("contents-file-hash", "another file than was signed", 4,
                manifest=other_hash, **whole),
        Variant("contents-file-size", "a file longer than it is", 4, manifest=other_size, **whole),
        Variant("contents-files-swapped", "two files in the other order", 4, manifest=swap, **whole),
        Variant("contents-tar-length", "a wrong tar length", 4,
                manifest=lie(tar_length=4_096), **whole),
        Variant("contents-padded-length", "a wrong padded length", 4,
                manifest=lie(padded_length=65_537), **whole),
        Variant("contents-sealed-length", "a wrong sealed length", 4,
                manifest=lie(sealed_length=67_196), **whole),
    ]  # fmt: skip


def _another_key() -> str:
    return HybridIdentity(bytes_for("another document key")).to_secret_string()


def hostile_tars() -> list[Variant]:
    """Return contents that a hostile sender sealed and signed properly, tree hash included."""
    whole: dict[str, Any] = {"with_contents": True}
    accent = 3 * BLOCK_BYTES  # the first name has an extended header of two blocks
    plain = 0

    def put(at: int, value: bytes) -> Callable[[bytearray], bytes]:
        def alter(tar: bytearray) -> bytes:
            tar[at : at + len(value)] = value
            return bytes(tar)

        return alter

    def extra_entry(tar: bytearray) -> bytes:
        hidden = file_headers(BundledFile("hidden.exe", 0), number=2, created_at=SENT)
        end = Bundle([BundledFile("a.txt", 5)], created_at=SENT).tar_length - 2 * BLOCK_BYTES
        tar[end : end + BLOCK_BYTES] = hidden
        return bytes(tar)

    def longer(tar: bytearray) -> bytes:
        return bytes(tar) + bytes(1_024)

    ascii_only: dict[str, Any] = {"files": (("a.txt", b"text\n"),), "with_contents": True}
    return [
        Variant("tar-extra-entry", "an entry that the manifest does not name", 4,
                tar=extra_entry, **ascii_only),
        Variant("tar-other-name", "an entry of another name", 4,
                tar=replace_header(plain, 0, b"b.txt"), **ascii_only),
        Variant("tar-dots", "an entry that leads out of the folder", 4,
                tar=replace_header(plain, 0, b"../a\0"), **ascii_only),
        Variant("tar-absolute", "an entry with an absolute path", 4,
                tar=replace_header(plain, 0, b"/a.tx"), **ascii_only),
        Variant("tar-symbolic-link", "an entry that is a link", 4,
                tar=replace_header(plain, 156, b"2"), **ascii_only),
        Variant("tar-device", "an entry that is a device", 4,
                tar=replace_header(plain, 156, b"3"), **ascii_only),
        Variant("tar-executable", "an entry that may be run", 4,
                tar=replace_header(plain, 100, b"0000755"), **ascii_only),
        Variant("tar-owner", "an entry of somebody", 4,
                tar=replace_header(plain, 108, b"0001750"), **ascii_only),
        Variant("tar-moment", "an entry of another moment", 4,
                tar=replace_header(plain, 136, b"%011o" % (SENT + 1)), **ascii_only),
        Variant("tar-prefix", "an entry with a prefix", 4,
                tar=replace_header(plain, 345, b"up"), **ascii_only),
        Variant("tar-checksum", "a wrong checksum", 4, tar=put(148, b"000000"), **ascii_only),
        Variant("tar-pax-path", "another path in the pax record", 4,
                tar=put(BLOCK_BYTES + 8, b"C"), **whole),
        Variant("tar-name-behind-pax", "another name behind the pax record", 4,
                tar=replace_header(accent - BLOCK_BYTES, 0, b"file-2"), **whole),
        Variant("tar-padding", "a byte after a file's end", 4,
                tar=put(BLOCK_BYTES + 5, b"x"), **ascii_only),
        Variant("tar-tail", "a byte in the padding", 4, tar=put(-1 + 65_536, b"x"), **ascii_only),
        Variant("tar-end", "a byte between the two last blocks", 4,
                tar=put(3 * BLOCK_BYTES, b"x"), **ascii_only),
        Variant("tar-longer", "more padding than Padmé's", 4, tar=longer, **ascii_only),
    ]  # fmt: skip
