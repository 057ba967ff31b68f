"""Real laboratories' files, if `SOUSPLI_SAMPLES` names a folder of them: none is in the tree.

SOUSPLI_SAMPLES=… .venv/bin/python -m pytest tests/cli/intake/test_samples_of_mails.py
"""

import os
from pathlib import Path

import pytest
from intake_samples.mails import Attachment, mail

from souspli_cli.intake.read import read_mail
from souspli_cli.intake.values import UNCERTAIN, Document, Format

SAMPLES = os.environ.get("SOUSPLI_SAMPLES")
FORMATS = {"cda-fr": Format.CDA, "cda-us": Format.CDA, "xdm": Format.XDM, "pdf": Format.PLAIN}


def documents_of(path: Path) -> tuple[Document, ...]:
    attachment = Attachment(content=path.read_bytes(), name=path.name)
    return read_mail(mail(attachment)).documents


if SAMPLES:  # no samples, no test: an empty list would be a skipped one

    @pytest.mark.parametrize("path", sorted(Path(SAMPLES).glob("*/*")), ids=lambda p: p.name)
    def test_a_sample_travels(path: Path) -> None:
        documents = documents_of(path)
        assert path.read_bytes() in {f.content for d in documents for f in d.files}

    @pytest.mark.parametrize("path", sorted(Path(SAMPLES).glob("[cxp]*/*")), ids=lambda p: p.name)
    def test_a_sample_of_a_format_is_read_as_it(path: Path) -> None:
        (document,) = documents_of(path)
        assert document.format is FORMATS[path.parent.name]
        assert not document.findings & UNCERTAIN

    @pytest.mark.parametrize("path", sorted(Path(SAMPLES).glob("cda*/*")), ids=lambda p: p.name)
    def test_a_sample_of_cda_gives_its_patient_and_its_pdf(path: Path) -> None:
        (document,) = documents_of(path)
        traits = document.traits
        assert all((traits.birth_name, traits.given_names, traits.birth_date, traits.sex))
        assert document.kind
        assert document.files[0].media_type == "application/pdf"
