"""Real messages, where the folder named by SOUSPLI_SAMPLES has some, are read or refused.

They are not ours to keep: without the folder there is nothing to collect here.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from souspli_cli.intake.hl7 import looks_like_hl7, read_hl7
from souspli_cli.intake.hprim_medecin import looks_like_hprim_medecin, read_hprim_medecin
from souspli_cli.intake.hprim_sante import looks_like_hprim_sante, read_hprim_sante
from souspli_cli.intake.limits import DEFAULT_LIMITS
from souspli_exchange.filenames import check_names

READERS = (
    (looks_like_hl7, read_hl7),
    (looks_like_hprim_medecin, read_hprim_medecin),
    (looks_like_hprim_sante, read_hprim_sante),
)


SAMPLES = os.environ.get("SOUSPLI_SAMPLES")

if SAMPLES:  # no samples, no test: an empty list would be a skipped one

    @pytest.mark.parametrize("path", sorted(Path(SAMPLES).glob("h*/*")), ids=lambda path: path.name)
    def test_a_real_message_is_of_one_format_and_names_its_patient(path: Path) -> None:
        content = path.read_bytes()
        readers = [read for looks_like, read in READERS if looks_like(content)]
        assert len(readers) == 1
        (document,) = readers[0](content, name=path.name, limits=DEFAULT_LIMITS)
        assert document.files[-1].content == content
        assert document.files[0].derived
        assert document.traits.birth_date
        check_names([file.name for file in document.files])
