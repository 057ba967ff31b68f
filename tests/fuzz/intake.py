"""What is asked of the readers of laboratories' files, and where their fuzzers begin.

The generators that the tests use write the seeds; `check_reader` says what must hold.
"""

from __future__ import annotations

from collections.abc import Iterator

from intake_samples import hl7 as hl7_samples
from intake_samples import hprim as hprim_samples
from intake_samples.attachments import CDA, PNG
from intake_samples.people import ANSELME, ELEONORE
from intake_samples.readers import HL7, HPRIM_MEDECIN, HPRIM_SANTE, check_reader

from souspli_cli.intake.limits import Limits

_PDF = b"%PDF-1.4\n\xe2\xe3\xcf\xd3\n%%EOF\n"
"""As short as a reader takes for one: half of a longer input would be its base64."""
_LIMITS = Limits(documents=8, files=6, unpacked_bytes=16_384)
"""Small, so that short inputs reach them."""


def hl7(data: bytes) -> None:
    """`read_hl7`: documents that may be sealed, or its own errors."""
    check_reader(HL7, data, limits=_LIMITS)


def hprim(data: bytes) -> None:
    """`read_hprim_medecin` and `read_hprim_sante`, whichever it looks like."""
    check_reader(HPRIM_MEDECIN, data, limits=_LIMITS)
    check_reader(HPRIM_SANTE, data, limits=_LIMITS)


def hl7_seeds() -> Iterator[bytes]:
    """A message of each kind, and of each oddity that has a branch of its own."""
    results = [
        hl7_samples.result("CRP", "142", unit="mg/l", bounds="< 5", flag="HH"),
        hl7_samples.result("Culture", "112^E. coli^L", kind="CE"),
        hl7_samples.result("Titre", ">^100", kind="SN"),
        hl7_samples.result("Conclusion", "Rien \\.br\\ \\XC3A9\\ \\F\\", kind="FT"),
        "NTE|1||Remarque",
    ]
    yield hl7_samples.oru(results=[hl7_samples.ed(_PDF)])
    yield hl7_samples.oru(results=results, line_end="\n", more=["TQ1|1||||||||S"])
    yield hl7_samples.oru(results=results, charset="8859/1", encoding="cp850", signs="#@!%*")
    yield hl7_samples.oru(results=[hl7_samples.ed(b"un mot", subtype="TEXT")], encoding="utf-16")
    yield hl7_samples.oru(
        results=[hl7_samples.ed(CDA, subtype="XML", status="C"), hl7_samples.ed(PNG)],
        more=[
            hl7_samples.prt("a@b.example"),
            hl7_samples.about_transport("INVISIBLE_PATIENT"),
        ],
    )
    for how in ("broken lines", "no padding", "another alphabet"):
        yield hl7_samples.oru(
            results=[hl7_samples.ed(data=hl7_samples.broken_base64(_PDF, how=how))]
        )
    yield hl7_samples.oru(results=["OBX|1|ED|X^Y||^TEXT^^Hex^255044462D||||||D"], control="CA")
    yield hl7_samples.mdm(
        event="T10",
        document="2^^1.2.3^ISO",
        parent="1^^1.2.3^ISO",
        results=[hl7_samples.ed(_PDF[:9]), hl7_samples.ed(_PDF[9:])],
    )
    small = [hl7_samples.result("A", "1")]
    yield hl7_samples.batch([hl7_samples.oru(results=small), hl7_samples.oru(results=small)])
    yield hl7_samples.framed([hl7_samples.oru(results=small)])
    yield hl7_samples.several_patients(ELEONORE, ANSELME)


def hprim_seeds() -> Iterator[bytes]:
    """Files of both formats, of one patient and of two, in all character sets."""
    two = (hprim_samples.medecin_report(), hprim_samples.medecin_report(ANSELME, text=[]))
    yield hprim_samples.medecin()
    yield hprim_samples.medecin(*two, encoding="cp850", line_end="\n")
    yield hprim_samples.medecin(encoding="utf-16")
    patients = (hprim_samples.sante_patient(), hprim_samples.sante_patient(ANSELME, status="D"))
    yield hprim_samples.sante()
    yield hprim_samples.sante(*patients, encoding="mac_roman", line_end="\n")
    yield hprim_samples.sante(signs="|^~\\&", encoding="utf-8")
