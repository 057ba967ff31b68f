"""The readers of files without XML, and what is asked of each of them for any bytes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from souspli_cli.intake.errors import BeyondLimitsError, NotThisFormatError
from souspli_cli.intake.hl7 import looks_like_hl7, read_hl7
from souspli_cli.intake.hprim_medecin import looks_like_hprim_medecin, read_hprim_medecin
from souspli_cli.intake.hprim_sante import looks_like_hprim_sante, read_hprim_sante
from souspli_cli.intake.limits import DEFAULT_LIMITS, Limits
from souspli_cli.intake.values import Change, Document
from souspli_exchange.dates import check_birth_date, check_date
from souspli_exchange.filenames import check_names
from souspli_exchange.patterns import LOINC, MEDIA_TYPE
from souspli_keys.canonical import check_text

NAME = "résultat 1.txt"


@dataclass(frozen=True)
class Reader:
    """One format's two functions."""

    looks_like: Callable[[bytes], bool]
    read: Callable[..., tuple[Document, ...]]


HL7 = Reader(looks_like_hl7, read_hl7)
HPRIM_MEDECIN = Reader(looks_like_hprim_medecin, read_hprim_medecin)
HPRIM_SANTE = Reader(looks_like_hprim_sante, read_hprim_sante)
READERS = {"hl7": HL7, "hprim-medecin": HPRIM_MEDECIN, "hprim-sante": HPRIM_SANTE}


def check_reader(
    reader: Reader, content: bytes, *, limits: Limits = DEFAULT_LIMITS
) -> tuple[Document, ...]:
    """Read `content` if it looks like the format, and check that what comes may be sealed.

    Returns what was read, nothing if it was refused. Raises whatever the reader raises
    beside its own errors, and AssertionError for what no manifest may hold.
    """
    if not reader.looks_like(content):
        return ()
    try:
        documents = reader.read(content, name=NAME, limits=limits)
    except (NotThisFormatError, BeyondLimitsError) as refused:
        assert refused.__cause__ is None or refused.__suppress_context__  # noqa: PT017
        return ()
    assert 1 <= len(documents) <= limits.documents
    for document in documents:
        _check(document, limits)
    if len(documents) == 1:
        assert documents[0].files[-1].content == content
    decoded = [file for document in documents for file in document.files if file.derived]
    assert sum(len(file.content) for file in decoded) <= 2 * len(content) + 100_000
    return documents


def _check(document: Document, limits: Limits) -> None:
    traits = document.traits
    texts = (traits.birth_name, traits.used_name, traits.given_names, document.title)
    for text in texts:
        assert text is None or 1 <= len(check_text(text)) <= 200
    for text in (document.report_id, *document.replaces, *traits.local_ids):
        assert text is None or len(check_text(text)) <= 401
    assert document.date is None or check_date(document.date)
    assert traits.birth_date is None or check_birth_date(traits.birth_date)
    assert document.kind is None or LOINC.fullmatch(document.kind)
    assert (document.change is not Change.NEW) or not document.replaces
    check_names([file.name for file in document.files])
    assert 1 <= len(document.files) <= limits.files
    assert [file.derived for file in document.files][-1] is False
    for file in document.files:
        assert MEDIA_TYPE.fullmatch(file.media_type)
