"""The one address and the one mobile that a message gives of its patient; none of several."""

from __future__ import annotations

import pytest
from intake_samples import hl7

from souspli_cli.intake.contact import one_address, one_phone
from souspli_cli.intake.hl7 import read_hl7
from souspli_cli.intake.limits import DEFAULT_LIMITS


@pytest.mark.parametrize(
    ("telecoms", "expected"),
    [
        ("^NET^Internet^Anne@Exemple.fr|", ("anne@exemple.fr", None)),
        ("^PRN^CP^^^^^^^^^+33612345678~^NET^Internet^a@b.fr|", ("a@b.fr", "+33612345678")),
        ("+33 6 12 34 56 78^PRN^CP|^NET^Internet^a@b.fr", ("a@b.fr", "+33612345678")),
        # A number without its country, one at home, two addresses: nobody guesses.
        ("0612345678^PRN^CP|", (None, None)),
        ("+33298000000^PRN^PH|", (None, None)),
        ("^NET^Internet^a@b.fr~^NET^Internet^c@d.fr|", (None, None)),
        ("^NET^Internet^a@b.fr|^NET^Internet^A@B.fr", ("a@b.fr", None)),
        ("|", (None, None)),
    ],
)
def test_pid_13_and_14(telecoms: str, expected: tuple[str | None, str | None]) -> None:
    segments = hl7.oru().split(b"\r")
    segments[1] = ("PID" + "|" * 13 + telecoms).encode()
    (document,) = read_hl7(b"\r".join(segments), name="x.hl7", limits=DEFAULT_LIMITS)
    assert (document.traits.address, document.traits.phone) == expected


def test_telecoms_of_a_cda() -> None:
    assert one_address(["tel:+33612345678", "mailto:Anne@Exemple.fr", None]) == "anne@exemple.fr"
    assert one_phone(["tel:+33612345678", "mailto:a@b.fr", "tel:0612345678"]) == "+33612345678"
    assert one_address(["mailto:123@patient.mssante.fr"]) is None
