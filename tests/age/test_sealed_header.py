"""The one shape of header that the product writes and reads; checked without any secret."""

import subprocess
import sys

import pytest

from souspli_exchange.age.errors import HeaderError, HeaderIncompleteError
from souspli_exchange.age.filekey import FileKey
from souspli_exchange.age.header import Header, Stanza, authenticated_part, parse_header
from souspli_exchange.age.hybrid import parse_hybrid_stanza
from souspli_exchange.age.rawbase64 import encode_base64
from souspli_exchange.age.sealed_header import SEALED_HEADER_BYTES, parse_sealed_header
from souspli_exchange.age.unwrap import HybridIdentity, unwrap_file_key
from souspli_exchange.age.wrap import wrap_file_key, write_sealed_header

PATIENT = HybridIdentity.generate()
FILE_KEY = FileKey.generate()
HYBRID = wrap_file_key(FILE_KEY, PATIENT.recipient).to_stanza()


def header_of(*stanzas: Stanza) -> bytes:
    part = authenticated_part(stanzas)
    return Header((), FILE_KEY.header_mac(part), part).encode()


def test_what_is_written_has_the_stated_length_and_is_read_whatever_follows() -> None:
    data = write_sealed_header(FILE_KEY, PATIENT.recipient)
    assert len(data) == SEALED_HEADER_BYTES
    header, stanza = parse_sealed_header(data + b"payload")
    assert header.stanzas == (stanza.to_stanza(),)
    assert unwrap_file_key(header, [PATIENT]).secret_bytes() == FILE_KEY.secret_bytes()


def test_wrapping_twice_gives_nothing_in_common() -> None:
    first, second = (wrap_file_key(FILE_KEY, PATIENT.recipient) for _ in range(2))
    assert first.enc != second.enc
    assert first.wrapped_file_key != second.wrapped_file_key


@pytest.mark.parametrize("length", [0, 1, 22, 100, SEALED_HEADER_BYTES - 1])
def test_the_beginning_of_a_sealed_header_asks_for_more(length: int) -> None:
    with pytest.raises(HeaderIncompleteError):
        parse_sealed_header(header_of(HYBRID)[:length])


@pytest.mark.parametrize(
    "stanzas",
    [
        (HYBRID, HYBRID),
        (HYBRID, Stanza("grease", (), b"")),
        (Stanza("grease", (), b""), HYBRID),
        (Stanza("X25519", (encode_base64(bytes(32)).decode(),), bytes(32)),),
        (Stanza("mlkem768x25519 ".strip().upper(), HYBRID.arguments, HYBRID.body),),
        (Stanza("mlkem768x25519", (*HYBRID.arguments, "extra"), HYBRID.body),),
        (Stanza("mlkem768x25519", (), HYBRID.body),),
        (Stanza("mlkem768x25519", HYBRID.arguments, HYBRID.body + b"\0"),),
        (Stanza("mlkem768x25519", HYBRID.arguments, HYBRID.body[:-1]),),
        (Stanza("mlkem768x25519", (HYBRID.arguments[0][:-2],), HYBRID.body),),
        # No base64 of the right length, hidden in a header of the right length.
        (Stanza("mlkem768x25519", ("!" * len(HYBRID.arguments[0]),), HYBRID.body),),
    ],
)
def test_any_other_header_is_refused_though_age_may_allow_it(stanzas: tuple[Stanza, ...]) -> None:
    data = header_of(*stanzas)
    parse_header(data)
    padded = data + bytes(SEALED_HEADER_BYTES)
    for file in (padded, padded[:SEALED_HEADER_BYTES]):
        with pytest.raises(HeaderError) as refusal:
            parse_sealed_header(file)
        # Asking for more would make a caller fetch it, and read what it must refuse.
        assert not isinstance(refusal.value, HeaderIncompleteError)


LOW_ORDER_POINTS = [  # orders 1, 2, 4 and 8, and spellings of the same above 2^255 - 19
    0,
    1,
    325606250916557431795983626356110631294008115727848805560023387167927233504,
    39382357235489614581723060781553021112529911719440698176882885853963445705823,
    2**255 - 20,
    2**255 - 19,
    2**255 - 18,
    2**255,
    2**255 + 1,
    2**256 - 19,
]


@pytest.mark.parametrize("point", LOW_ORDER_POINTS)
def test_a_share_of_low_order_is_a_header_failure(point: int) -> None:
    enc = parse_hybrid_stanza(HYBRID).enc[:-32] + point.to_bytes(32, "little")
    stanza = Stanza("mlkem768x25519", (encode_base64(enc).decode(),), HYBRID.body)
    with pytest.raises(HeaderError):
        parse_sealed_header(header_of(stanza))
    with pytest.raises(HeaderError):
        PATIENT.unwrap(stanza)


def test_the_public_half_loads_nothing_that_holds_a_secret() -> None:
    program = (
        "import sys\n"
        "from souspli_exchange.age import header, hybrid, lengths, recipient, sealed_header\n"
        "print(*(name for name in sys.modules if name.startswith('souspli_exchange.age.')))\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    loaded = {name.rpartition(".")[2] for name in ran.stdout.split()}
    assert "sealed_header" in loaded
    assert not loaded & {"unwrap", "wrap", "filekey", "stream", "decryptor", "file", "x25519"}
