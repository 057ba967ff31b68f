"""What is asked of intake's small parts, each alone: they take a thousand inputs where a
whole mail takes ten.

Every one of them is total: it raises errors of its own or none, and what it returns keeps
the promise of its docstring. The first bytes of some inputs choose what the rest is for.
"""

from __future__ import annotations

import base64
import binascii
from itertools import pairwise

from fuzz.pieces import Pieces

from souspli_cli.intake.addresses import mail_address
from souspli_cli.intake.base64_lenient import decode_base64
from souspli_cli.intake.charsets import find_charset, to_utf_8
from souspli_cli.intake.cleaning import clean_birth_date, clean_date, clean_loinc, clean_text
from souspli_cli.intake.decoding import decode_text
from souspli_cli.intake.errors import BeyondLimitsError, NotThisFormatError, UnreadableError
from souspli_cli.intake.file_names import Names
from souspli_cli.intake.headers import decode_words, file_name, read_headers, read_message_id
from souspli_cli.intake.hl7_syntax import split_messages as split_hl7
from souspli_cli.intake.hprim_sante_syntax import split_messages as split_hprim
from souspli_cli.intake.ins import INS_OIDS, TEST_OIDS, check_ins
from souspli_cli.intake.limits import Limits
from souspli_cli.intake.mime import read_message
from souspli_cli.intake.names import clean_name
from souspli_cli.intake.patient import Likeness, completed, given_names_of, likeness, with_numbers
from souspli_cli.intake.values import Finding, Traits
from souspli_cli.intake.xml import DEPTH_FACTOR, Element, local_name, read_xml, text_of
from souspli_cli.intake.zip_listing import ZipKind, look_at_zip
from souspli_cli.intake.zips import read_zip
from souspli_exchange.dates import check_birth_date, check_date
from souspli_exchange.filenames import check_names
from souspli_exchange.manifest import Sex
from souspli_exchange.patterns import LOINC
from souspli_keys.canonical import check_text

_LIMITS = Limits(
    parts=12,
    depth=4,
    header_bytes=512,
    documents=6,
    unpacked_bytes=4_096,
    ratio=20,
    entries=8,
    elements=200,
)
"""Small, so that short inputs reach them."""
_OIDS = sorted(INS_OIDS)
_DECLARED = ("", "utf-8", "iso-8859-1", "cp850", "utf-16", "us-ascii", "macintosh", "punycode")


def mime(data: bytes) -> None:
    """`read_message`: parts that are not more, deeper or larger than is taken."""
    try:
        message = read_message(data, limits=_LIMITS)
    except (UnreadableError, BeyondLimitsError):
        return
    assert 1 <= len(message.leaves) <= _LIMITS.parts or not message.leaves
    assert sum(len(leaf.content) for leaf in message.leaves) <= _LIMITS.unpacked_bytes
    for leaf in message.leaves:
        assert not (leaf.is_text and leaf.name)


def headers(data: bytes) -> None:
    """`read_headers` and all that is read out of its fields."""
    try:
        read, body, any_there = read_headers(data, 0, len(data), most=_LIMITS.header_bytes)
    except BeyondLimitsError:
        assert len(data) > _LIMITS.header_bytes
        return
    assert 0 <= body <= len(data)
    assert any_there or not read.fields
    subject, _ = read.text("subject")
    words, _ = decode_words(subject)
    assert len(words.encode("utf-8", "surrogatepass")) <= 4 * len(data)
    file_name(read)
    for name in ("content-type", "content-disposition", "content-transfer-encoding"):
        value, _, _ = read.value(name)
        assert value == value.strip().lower()
    number = read_message_id(read)
    assert number is None or (number.isascii() and number.count("@") == 1 and " " not in number)


def archive(data: bytes) -> None:
    """`look_at_zip` and `read_zip`: entries that are nobody else's, of the sizes they state."""
    look = look_at_zip(data, limits=_LIMITS)
    try:
        files = read_zip(data, limits=_LIMITS).files
    except (NotThisFormatError, BeyondLimitsError):
        return
    assert look.kind is not ZipKind.UNREADABLE
    assert len(files) <= _LIMITS.entries
    assert sum(len(file.content) for file in files) <= _LIMITS.unpacked_bytes
    assert all(".." not in file.path.split("/") and "\\" not in file.path for file in files)


def lenient_base64(data: bytes) -> None:
    """`decode_base64`: not more than was encoded; and what is strictly right, exactly that."""
    try:
        decoded, repaired = decode_base64(data)
    except NotThisFormatError:
        decoded, repaired = b"", True
    assert len(decoded) * 4 <= len(data) * 3 + 3
    try:
        strict = base64.b64decode(data, validate=True)
    except binascii.Error:
        return
    if strict and binascii.b2a_base64(strict, newline=False) == data:
        assert (decoded, repaired) == (strict, False)


def charset(data: bytes) -> None:
    """`find_charset`, `decode_text` and `to_utf_8`: all of it is decoded, and the way back."""
    if not data:
        return
    declared, content = _DECLARED[data[0] % len(_DECLARED)], data[1:]
    found = find_charset(content)
    assert content.decode(found.codec) or not content
    text, _ = decode_text(content, declared)
    assert len(text) <= len(content)
    rewritten = to_utf_8(content)
    if rewritten is not None:
        assert rewritten.restore(rewritten.content) == content


def texts_and_dates(data: bytes) -> None:
    """`cleaning`, `addresses`: texts, dates, codes and addresses that may stand in a manifest."""
    value = data.decode("utf-8", "surrogateescape")
    text = clean_text(value)
    if text is not None:
        assert 1 <= len(check_text(text)) <= 200
        assert clean_text(text) == text
    date, birth = clean_date(value), clean_birth_date(value)
    if date is not None:
        assert check_date(date) == birth or birth is None
    assert birth is None or check_birth_date(birth)
    loinc = clean_loinc(value)
    assert loinc is None or LOINC.fullmatch(loinc)
    address = mail_address(value)
    assert address is None or (address in value and address.count("@") == 1)


def patients(data: bytes) -> None:
    """`ins` and `patient`: two people's traits out of pieces, compared both ways."""
    pieces = Pieces(data)
    one, other = _person(pieces), _person(pieces)
    assert likeness(one, other) is likeness(other, one)
    for person in (one, other):
        assert likeness(person, person) is not Likeness.DIFFERENT
        if person.ins is not None:
            assert person.ins.oid in INS_OIDS
    whole = completed(one, other)
    assert set(whole.local_ids) == {*one.local_ids, *other.local_ids}
    assert completed(whole, other) == whole


def _person(pieces: Pieces) -> Traits:
    sex = (None, *Sex)[pieces.number(len(Sex))]
    names = [clean_text(pieces.text(12)) for _ in range(3)]
    birth = clean_birth_date(pieces.take(8).decode("latin-1"))
    said = Traits(
        birth_name=names[0],
        used_name=names[1],
        given_names=given_names_of(names[2], [pieces.text(12)]),
        birth_date=birth,
        sex=sex,
    )
    number, oid = pieces.take(15).decode("latin-1"), _OIDS[pieces.number(len(_OIDS) - 1)]
    ins, found = check_ins(number, oid, said)
    assert (ins is None) == (Finding.INS_REFUSED in found)
    assert ins is None or (oid in TEST_OIDS) == (Finding.INS_OF_TEST in found)
    traits, _ = with_numbers(said, [(oid, number), ("1.2.3", pieces.text(6))])
    assert traits.ins == ins
    return traits


def names(data: bytes) -> None:
    """`clean_name`, `Names`: names that may stand in one manifest together."""
    given = data.decode("utf-8", "surrogateescape")
    name, changed = clean_name(given, extension=".pdf")
    assert changed or name == given or not given.strip()
    check_names([name])
    again, changed = clean_name(name, extension=".pdf")
    assert again == name
    assert not changed
    for part in (None, 500):
        others = Names(name, part=part)
        check_names([others.original, others.derived(".pdf"), others.derived(".pdf")])


def hl7_syntax(data: bytes) -> None:
    """`hl7_syntax`: messages in their order, and segments inside of them."""
    try:
        messages = split_hl7(data, limits=_LIMITS)
    except (NotThisFormatError, BeyondLimitsError):
        return
    assert 1 <= len(messages) <= _LIMITS.documents
    for message, following in pairwise(messages):
        assert message.end <= following.start
    for message in messages:
        spans = message.segments
        assert message.start == spans[0][0]
        assert all(start < end for start, end in spans)
        assert all(end <= start for (_, end), (start, _) in pairwise(spans))
        assert message.end <= message.end_with_line <= len(data)
        for index in range(len(message)):
            part = message.segment(index)
            assert len(part.field(0).raw) <= len(part.raw)
            for repeated in part.field(3).repetitions():
                text = repeated.component(2).subcomponent(1).clean
                assert text is None or check_text(text)


def hprim_syntax(data: bytes) -> None:
    """`hprim_sante_syntax`: records in their order, each patient's with its own."""
    try:
        messages, _ = split_hprim(data)
    except (NotThisFormatError, BeyondLimitsError):
        return
    assert messages
    at = 0
    for message in messages:
        trailer = [message.trailer] if message.trailer else []
        of_patients = [record for patient in message.patients for record in patient]
        for record in (message.header, *message.before, *of_patients, *trailer):
            assert at <= record.start < record.end <= len(data) or record.name == b"L"
            at = max(at, record.start)
            text = record.part(message.dialect).field(5).component(1).clean
            assert text is None or check_text(text)


def xml(data: bytes) -> None:
    """`read_xml`: a tree within bounds, without anything that was resolved."""
    try:
        root, _ = read_xml(data, limits=_LIMITS)
    except (NotThisFormatError, BeyondLimitsError):
        return
    assert local_name(root)
    elements = list(root.iter())
    assert len(elements) <= _LIMITS.elements
    assert _depth(root) <= _LIMITS.depth * DEPTH_FACTOR
    text = text_of(root)
    assert text is not None
    # What a character reference is written as is longer than what it stands for.
    assert len(text) <= max(len(data), 2_000)


def _depth(root: Element) -> int:
    deepest, level = 0, [root]
    while level:
        deepest += 1
        level = [child for element in level for child in element]
    return deepest
