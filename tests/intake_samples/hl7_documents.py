"""HL7 v2 messages read as tests read them, and what the first patient's say of her."""

from __future__ import annotations

from intake_samples.people import matricule

from souspli_cli.intake.hl7 import looks_like_hl7, read_hl7
from souspli_cli.intake.limits import DEFAULT_LIMITS, Limits
from souspli_cli.intake.values import Document, Traits
from souspli_exchange.filenames import check_names
from souspli_exchange.manifest import Ins, Sex

HER_TRAITS = Traits(
    birth_name="MOULINET",
    used_name="SABLIER",
    given_names="ÉLÉONORE MARIE",
    birth_date="1984-07-09",
    sex=Sex.FEMALE,
    ins=Ins(matricule("2840763113042"), "1.2.250.1.213.1.4.8"),
    local_ids=("1.2.250.1.999.1|L-4711",),
)


def read_all(content: bytes, *, limits: Limits = DEFAULT_LIMITS) -> tuple[Document, ...]:
    """Return the documents of a file that is called `resultat.hl7`."""
    assert looks_like_hl7(content)
    documents = read_hl7(content, name="resultat.hl7", limits=limits)
    for document in documents:
        check_names([file.name for file in document.files])
    return documents


def read(content: bytes) -> Document:
    """Return the one document of a file, which is its original."""
    (document,) = read_all(content)
    assert document.files[-1].content == content
    return document
