"""The claim letter, read back from its rendered page as a person or a phone would."""

from __future__ import annotations

from dataclasses import replace

import pypdfium2
import pytest
import zxingcpp

from souspli_cli.errors import Refused
from souspli_cli.letter import (
    BELOW_FOLD,
    WINDOW_TOP,
    Letter,
    grouped_code,
    grouped_number,
    render_letter,
)

LETTER = Letter(
    practice_name="Cabinet médical des Œillets",
    practice_phone="01 23 45 67 89",
    practice_address=("12, rue de l’Église", "75020 PARIS"),
    patient_name="Mme Françoise LE GOFF-ŒUVRARD",
    patient_address=("Résidence Łódź, bât. C", "4, allée des Tilleuls", "29200 BREST"),
    page="https://documents.example.fr/",
    invitation_id="0123456789abcdef" * 2,
    organisation_fingerprint="a1" * 32,
    letter_number="1234567897",
    claim_code="ABCDE12345FGHJK6789X",
    not_after=1_800_000_000,
)
POINTS_PER_MM = 72 / 25.4
# The window of the envelope, in millimetres from the top left (NF Z 10-011).
WINDOW = {"left": 100, "top": 45, "right": 200, "bottom": 90}


def _texts(pdf: bytes) -> list[str]:
    return [page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(pdf)]


def test_the_qr_code_on_the_rendered_page_is_the_address_with_the_code() -> None:
    page = pypdfium2.PdfDocument(render_letter(LETTER))[0]
    (found,) = zxingcpp.read_barcodes(page.render(scale=2).to_pil())
    assert found.text == LETTER.qr_text()
    assert found.text == (
        "https://documents.example.fr/#1.0123456789abcdef0123456789abcdef."
        f"{'a1' * 32}.ABCDE12345FGHJK6789X"
    )


def test_number_and_code_stand_on_the_first_page_only_and_in_groups() -> None:
    first, second = _texts(render_letter(LETTER))
    assert grouped_number(LETTER.letter_number) in first
    assert grouped_code(LETTER.claim_code) == "ABCDE-12345-FGHJK-6789X"
    assert first.count("ABCDE-12345-FGHJK-6789X") == 1
    assert "ABCDE" not in second


def test_french_comes_first_and_english_second() -> None:
    first, second = _texts(render_letter(LETTER))
    assert "Vos documents médicaux" in first
    assert "15/01/2027" in first
    assert "Your medical documents" in second
    assert "15 January 2027" in second


def test_only_the_address_shows_in_the_window_and_the_code_lies_below_the_fold() -> None:
    page = pypdfium2.PdfDocument(render_letter(LETTER))[0]
    height = page.get_height()
    text = page.get_textpage()
    shown = text.get_text_bounded(
        left=WINDOW["left"] * POINTS_PER_MM,
        right=WINDOW["right"] * POINTS_PER_MM,
        top=height - WINDOW["top"] * POINTS_PER_MM,
        bottom=height - WINDOW["bottom"] * POINTS_PER_MM,
    )
    lines = [line.strip() for line in shown.splitlines() if line.strip()]
    assert lines == [LETTER.patient_name, *LETTER.patient_address]
    above_fold = text.get_text_bounded(bottom=height - 99 * POINTS_PER_MM)
    assert "ABCDE" not in above_fold
    assert WINDOW_TOP < BELOW_FOLD


def test_the_longest_address_stays_in_the_window_and_the_page() -> None:
    long = replace(
        LETTER,
        practice_name="Maison de santé pluriprofessionnelle universitaire " * 3,
        practice_address=("Zone d’activités de la Grande Prairie, bâtiment B",) * 3,
        patient_address=("Appartement 12, escalier B, résidence des Tilleuls",) * 4,
    )
    first, _ = _texts(render_letter(long))
    assert first.count("Appartement 12") == 4
    assert grouped_code(long.claim_code) in first


def test_a_character_that_cannot_be_printed_is_refused_before_any_page_exists() -> None:
    with pytest.raises(Refused) as refused:
        render_letter(replace(LETTER, patient_name="王 小明"))
    assert refused.value.name == "letter-characters"


def test_a_letter_prints_no_code_in_its_repr_and_no_name_in_its_properties() -> None:
    assert "ABCDE" not in repr(LETTER)
    pdf = pypdfium2.PdfDocument(render_letter(LETTER))
    assert "GOFF" not in str(pdf.get_metadata_dict())
