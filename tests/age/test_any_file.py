"""What age's vectors leave open about armor, passphrases and classical recipients."""

import base64
import hashlib
from contextlib import suppress

import pytest
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from hypothesis import given, settings
from hypothesis import strategies as st

from souspli_exchange.age.any_file import decrypt_any_age_file, open_any_age_file
from souspli_exchange.age.armor import BEGIN, COLUMNS, END, decode_armor
from souspli_exchange.age.errors import (
    ArmorError,
    HeaderError,
    HeaderIncompleteError,
    KeyStringError,
    NoMatchError,
    PayloadError,
)
from souspli_exchange.age.file import encrypt
from souspli_exchange.age.filekey import FileKey
from souspli_exchange.age.header import Header, Stanza, authenticated_part
from souspli_exchange.age.hybrid import check_wrapped_length
from souspli_exchange.age.lengths import (
    CHUNK_BYTES,
    PAYLOAD_NONCE_BYTES,
    TAG_BYTES,
    StreamLayout,
)
from souspli_exchange.age.rawbase64 import encode_base64
from souspli_exchange.age.scrypt import MAX_WORK_FACTOR, ScryptIdentity
from souspli_exchange.age.stream import PayloadSealer
from souspli_exchange.age.unwrap import HybridIdentity
from souspli_exchange.age.x25519 import X25519Identity

PATIENT = HybridIdentity.generate()
FILE_KEY = FileKey.generate()
SALT = bytes(range(16))
PASSPHRASE = "prélèvement du 3 mai"
READER = ScryptIdentity(PASSPHRASE)


def armor(file: bytes, *, eol: bytes = b"\n") -> bytes:
    text = base64.b64encode(file)
    lines = [text[at : at + COLUMNS] for at in range(0, len(text), COLUMNS)]
    return eol.join([BEGIN, *lines, END]) + eol


def scrypt_stanza(factor: str = "1", *, salt: bytes = SALT, secret: bytes | None = None) -> Stanza:
    """What age writes for PASSPHRASE, made with the standard library's scrypt."""
    wrap_key = hashlib.scrypt(
        PASSPHRASE.encode(), salt=b"age-encryption.org/v1/scrypt" + salt, n=2, r=8, p=1, dklen=32
    )
    plain = FILE_KEY.secret_bytes() if secret is None else secret
    body = ChaCha20Poly1305(wrap_key).encrypt(bytes(12), plain, None)
    return Stanza("scrypt", (encode_base64(salt).decode(), factor), body)


def file_of(*stanzas: Stanza, plaintext: bytes = b"glucose") -> bytes:
    part = authenticated_part(stanzas)
    sealer = PayloadSealer(FILE_KEY)
    out = bytearray(StreamLayout(len(plaintext)).sealed_bytes)
    sealer.seal_segment(plaintext, first_chunk_index=0, last=True, out=out)
    return Header(stanzas, FILE_KEY.header_mac(part), part).encode() + sealer.nonce + out


# Armor


@given(st.binary(max_size=300), st.sampled_from([b"\n", b"\r\n"]))
def test_armor_gives_back_the_bytes_that_were_armored(file: bytes, eol: bytes) -> None:
    assert decode_armor(armor(file, eol=eol)) == file


# A line holds 48 bytes; 47 and 46 fill it with padding at its end.
@pytest.mark.parametrize("length", [0, 1, 45, 46, 47, 48, 49, 96])
def test_a_last_line_may_be_full_and_may_end_with_padding(length: int) -> None:
    assert decode_armor(armor(bytes(length))) == bytes(length)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b" \n",
        BEGIN,
        END,
        BEGIN + END,
        BEGIN + b"\n",
        END + b"\n" + BEGIN,
        BEGIN + b"\n" + BEGIN,
        END + b"\n" + END,
        BEGIN + b"\r" + END,  # CR alone ends no line
        BEGIN + b"\nQQ==\r" + END,
        BEGIN + b"\nQQ==\r\r\n" + END,
        BEGIN + b"\n\n" + END,
        BEGIN + b" \nQQ==\n" + END,
        BEGIN + b"\nQQ==\n " + END,
        BEGIN + b"\nQQ==\n" + END + b".",
        BEGIN + b"\nQQ==\n" + END + b"\x0b",  # vertical tab: what Python calls white space
        b"\xef\xbb\xbf" + BEGIN + b"\nQQ==\n" + END,
        BEGIN + b"\nQR==\n" + END,  # a second spelling of the same byte
        BEGIN + b"\nQQ\n" + END,
        BEGIN + b"\nQQ=\n" + END,
        BEGIN + b"\nQQ===\n" + END,
        BEGIN + b"\nQ\n" + END,
        BEGIN + b"\n====\n" + END,
        BEGIN + b"\nQ-_=\n" + END,  # another alphabet
        BEGIN + b"\n" + b"Q" * 65 + b"\n" + END,
        BEGIN + b"\n" + b"Q" * 68 + b"\n" + END,
        BEGIN + b"\n" + b"Q" * 60 + b"\nQQ==\n" + END,
        BEGIN + b"\n" + b"Q" * 68 + b"\nQQ==\n" + END,
        # A full line with padding, and one more after it: two files in a row.
        armor(bytes(47)).removesuffix(END + b"\n") + b"QQ==\n" + END,
        armor(bytes(46)).removesuffix(END + b"\n") + b"Q" * 64 + b"\n" + END,
        armor(b"A") + armor(b"A"),
    ],
)
def test_any_other_spelling_of_armor_is_refused(text: bytes) -> None:
    with pytest.raises(ArmorError):
        decode_armor(text)


@given(st.integers(0, len(armor(bytes(100))) - 1), st.integers(0, 255))
def test_a_changed_byte_of_armor_gives_an_error_or_other_bytes(at: int, octet: int) -> None:
    text = bytearray(armor(bytes(100)))
    before, text[at] = text[at], octet
    try:
        file = decode_armor(bytes(text))
    except ArmorError:
        return
    # White space for the final line feed, or CR before it, changes nothing.
    assert octet == before or file != bytes(100) or (at == len(text) - 1 and octet in b" \t\r")


@given(st.binary(max_size=80))
def test_arbitrary_bytes_raise_nothing_but_an_age_error(data: bytes) -> None:
    for text in (data, BEGIN + b"\n" + data + b"\n" + END, b"age-encryption.org/v1\n" + data):
        with pytest.raises((ArmorError, HeaderError)):
            decrypt_any_age_file(text, [PATIENT])


def test_a_file_of_another_kind_is_told_from_its_first_byte() -> None:
    with pytest.raises(ArmorError):
        decrypt_any_age_file(b"%PDF-1.7\n", [PATIENT])


@pytest.mark.parametrize("start", [b"", b"a", b"age-encryption.org/v"])
def test_the_beginning_of_a_binary_file_is_a_header_cut_short(start: bytes) -> None:
    with pytest.raises(HeaderIncompleteError):
        decrypt_any_age_file(start, [PATIENT])


def test_a_file_cut_anywhere_before_its_first_chunk_is_a_header_cut_short() -> None:
    file = file_of(scrypt_stanza(), plaintext=b"")
    start = len(file) - PAYLOAD_NONCE_BYTES - TAG_BYTES  # the nonce and an empty chunk
    for length in range(start - 3, start + PAYLOAD_NONCE_BYTES):
        with pytest.raises(HeaderIncompleteError):
            decrypt_any_age_file(file[:length], [READER])
    with pytest.raises(PayloadError):
        decrypt_any_age_file(file[: start + PAYLOAD_NONCE_BYTES], [READER])
    assert decrypt_any_age_file(file, [READER]) == b""


def test_armor_that_is_damaged_at_its_end_gives_nothing_of_its_payload() -> None:
    file = encrypt(bytes(3 * CHUNK_BYTES), PATIENT.recipient)
    with pytest.raises(ArmorError):
        open_any_age_file(armor(file)[:-3], [PATIENT])


def test_a_sealed_document_opens_armored_too() -> None:
    file = encrypt(b"glucose 5.1 mmol/l", PATIENT.recipient)
    assert decrypt_any_age_file(armor(file), [PATIENT]) == b"glucose 5.1 mmol/l"


def test_a_cut_payload_gives_its_first_chunks_to_who_streams_and_nothing_else() -> None:
    file = encrypt(bytes(2 * CHUNK_BYTES), PATIENT.recipient)[:-1]
    pieces = open_any_age_file(file, [PATIENT])
    assert next(pieces) == bytes(CHUNK_BYTES)
    with pytest.raises(PayloadError):
        list(pieces)
    with pytest.raises(PayloadError):
        decrypt_any_age_file(file, [PATIENT])


def test_who_it_is_for_is_known_before_anything_is_asked_of_the_payload() -> None:
    with pytest.raises(NoMatchError):
        open_any_age_file(encrypt(b"", PATIENT.recipient), [HybridIdentity.generate()])


# Passphrases


def test_a_passphrase_opens_what_was_sealed_under_it_whatever_its_letters() -> None:
    assert decrypt_any_age_file(file_of(scrypt_stanza()), [READER]) == b"glucose"


def test_another_passphrase_matches_nothing() -> None:
    # The same letters composed otherwise are another passphrase to age.
    for other in (PASSPHRASE + " ", PASSPHRASE.replace("é", "e\u0301")):
        with pytest.raises(NoMatchError):
            decrypt_any_age_file(file_of(scrypt_stanza()), [ScryptIdentity(other)])


@pytest.mark.parametrize("text", ["", "half a \ud83d"])
def test_what_is_no_passphrase_is_refused_and_not_shown(text: str) -> None:
    with pytest.raises(KeyStringError) as refusal:
        ScryptIdentity(text)
    assert refusal.value.__context__ is None
    assert "half" not in str(refusal.value)


@pytest.mark.parametrize(
    "factor",
    [
        "0",
        "00",
        "01",
        "1\n",
        "+1",
        "-1",
        "1.",
        "1e1",
        " 1",
        "\u0661",
        "21",
        "99",
        "100",
        "9" * 5000,
    ],
)
def test_a_work_factor_is_one_number_up_to_the_limit_in_one_spelling(factor: str) -> None:
    stanza = Stanza("scrypt", (encode_base64(SALT).decode(), factor), bytes(32))
    with pytest.raises(HeaderError):
        READER.unwrap(stanza)


@pytest.mark.parametrize("factor", [1, 9, 10, MAX_WORK_FACTOR])
def test_every_work_factor_up_to_the_limit_is_worked_for(
    factor: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The work itself is not done: at the limit it would take 1 GiB and seconds."""
    asked: list[int] = []

    def note(_: ScryptIdentity, *, salt: bytes, work_factor: int) -> bytes:
        assert salt == SALT
        asked.append(work_factor)
        return bytes(32)

    monkeypatch.setattr(ScryptIdentity, "_wrap_key", note)
    assert READER.unwrap(scrypt_stanza(str(factor))) is None
    assert asked == [factor]


@pytest.mark.parametrize(
    "stanza",
    [
        Stanza("scrypt", (), bytes(32)),
        Stanza("scrypt", ("1",), bytes(32)),
        scrypt_stanza(salt=bytes(15)),
        scrypt_stanza(salt=bytes(17)),
        scrypt_stanza(secret=bytes(15)),
        scrypt_stanza(secret=bytes(17)),
    ],
)
def test_a_passphrase_stanza_of_another_shape_is_refused(stanza: Stanza) -> None:
    with pytest.raises(HeaderError):
        READER.unwrap(stanza)


@pytest.mark.parametrize("other", [Stanza("grease", (), b""), scrypt_stanza()])
def test_beside_another_stanza_a_passphrase_stanza_is_refused_whoever_reads(other: Stanza) -> None:
    for stanzas in ((scrypt_stanza(), other), (other, scrypt_stanza())):
        for identity in (READER, PATIENT):
            with pytest.raises(HeaderError):
                decrypt_any_age_file(file_of(*stanzas), [identity])


# Classical recipients


@pytest.mark.parametrize("length", [0, 31, 33])
def test_a_share_of_another_length_than_32_bytes_is_refused(length: int) -> None:
    identity = X25519Identity(bytes(range(32)))
    stanza = Stanza("X25519", (encode_base64(bytes([9]) * length).decode() or "A",), bytes(32))
    with pytest.raises(HeaderError):
        identity.unwrap(stanza)


@pytest.mark.parametrize("arguments", [(), (encode_base64(bytes([9]) * 32).decode(), "more")])
def test_an_x25519_stanza_has_one_argument_after_its_type(arguments: tuple[str, ...]) -> None:
    with pytest.raises(HeaderError):
        X25519Identity(bytes(range(32))).unwrap(Stanza("X25519", arguments, bytes(32)))


@pytest.mark.parametrize("length", [0, 31, 33])
def test_an_x25519_identity_is_32_bytes_long(length: int) -> None:
    with pytest.raises(KeyStringError):
        X25519Identity(bytes(length))


@pytest.mark.parametrize("length", [0, 31, 33, 48])
def test_a_wrapped_file_key_is_32_bytes_long_in_every_stanza(length: int) -> None:
    share = encode_base64(bytes([9]) * 32).decode()
    with pytest.raises(HeaderError):
        check_wrapped_length(bytes(length))
    with pytest.raises(HeaderError):
        X25519Identity(bytes(range(32))).unwrap(Stanza("X25519", (share,), bytes(length)))
    assert check_wrapped_length(bytes(32)) == bytes(32)


def test_what_begins_like_a_binary_file_is_never_taken_for_armor() -> None:
    with pytest.raises(HeaderError):
        decrypt_any_age_file(b"a file of another kind", [READER])


def test_a_passphrase_prints_as_nothing() -> None:
    assert repr(ScryptIdentity("tortue zinc bocal")) == "ScryptIdentity(…)"


@given(st.text(min_size=1, max_size=20), st.binary(max_size=64))
@settings(max_examples=50)
def test_a_stanza_of_any_arguments_raises_nothing_but_a_header_error(
    argument: str, body: bytes
) -> None:
    ascii_argument = argument.encode("ascii", "replace").decode()
    for kind, extra in (("scrypt", ("1",)), ("X25519", ())):
        for identity in (READER, X25519Identity(bytes(32))):
            with suppress(HeaderError):
                identity.unwrap(Stanza(kind, (ascii_argument, *extra), body))
