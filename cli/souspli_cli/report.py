"""A realistic laboratory report for demonstrations and tests.

Made here so that no real person's report is ever needed. Everybody in it is
invented; every page says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from souspli_cli.paper import FONT, a4

if TYPE_CHECKING:
    from fpdf import FPDF

MARGIN: Final = 18.0
TEXT_WIDTH: Final = 210.0 - 2 * MARGIN
COLUMNS: Final = (70.0, 30.0, 28.0, 46.0)
INK: Final = (20, 30, 45)
ACCENT: Final = (0, 92, 122)
SHADE: Final = (234, 242, 245)
ALERT: Final = (170, 30, 30)


@dataclass(frozen=True)
class Result:
    """One measured value with its reference range; `outside` marks an abnormal one."""

    name: str
    value: str
    unit: str
    reference: str
    outside: bool = False


RESULTS: Final[tuple[tuple[str, tuple[Result, ...]], ...]] = (
    (
        "HÉMATOLOGIE – Hémogramme",
        (
            Result("Hématies", "4,52", "T/L", "3,80 à 5,90"),
            Result("Hémoglobine", "11,4", "g/dL", "12,0 à 16,0", outside=True),
            Result("Hématocrite", "36,8", "%", "34,0 à 53,0"),
            Result("V.G.M.", "81,4", "fL", "78,0 à 98,0"),
            Result("Leucocytes", "6,87", "G/L", "4,00 à 10,00"),
            Result("Plaquettes", "248", "G/L", "150 à 400"),
        ),
    ),
    (
        "BIOCHIMIE – Sang",
        (
            Result("Glycémie à jeun", "0,94", "g/L", "0,74 à 1,06"),
            Result("Créatinine", "7,8", "mg/L", "5,0 à 11,0"),
            Result("Cholestérol LDL", "1,72", "g/L", "inférieur à 1,60", outside=True),
            Result("Ferritine", "9", "µg/L", "15 à 150", outside=True),
            Result("T.S.H.", "2,31", "mUI/L", "0,27 à 4,20"),
        ),
    ),
)


def render_report(*, patient: str, born: str, date: str, number: str) -> bytes:
    """A one-page report as PDF; `born` and `date` as shown (JJ/MM/AAAA)."""
    with a4(title="Compte rendu de biologie médicale") as pdf:
        pdf.add_page()
        _heading(pdf)
        _patient(pdf, patient=patient, born=born, date=date, number=number)
        for title, results in RESULTS:
            _table(pdf, title, results)
        _conclusion(pdf)
        return bytes(pdf.output())


def _write(
    pdf: FPDF,
    text: str,
    *,
    size: float = 10,
    bold: bool = False,
    colour: tuple[int, int, int] = INK,
    align: str = "L",
) -> None:
    pdf.set_x(MARGIN)
    pdf.set_font(FONT, "B" if bold else "", size)
    pdf.set_text_color(*colour)
    pdf.multi_cell(TEXT_WIDTH, size * 0.47, text, align=align, new_x="LMARGIN")


def _heading(pdf: FPDF) -> None:
    pdf.set_fill_color(*ACCENT)
    pdf.rect(0, 0, 210, 6, style="F")
    pdf.set_xy(MARGIN, 14)
    _write(pdf, "Laboratoire de biologie médicale des Tilleuls", size=15, bold=True, colour=ACCENT)
    _write(pdf, "3, place du Marché – 29200 BREST – Tél. 02 00 00 00 00", size=9)
    _write(pdf, "Document fictif, fait pour une démonstration", size=9, bold=True, colour=ALERT)
    pdf.ln(5)


def _patient(pdf: FPDF, *, patient: str, born: str, date: str, number: str) -> None:
    top = pdf.get_y()
    pdf.set_fill_color(*SHADE)
    pdf.rect(MARGIN, top, TEXT_WIDTH, 25, style="F")
    pdf.set_xy(MARGIN, top + 3)
    for line, bold in (
        (f"  Patient : {patient}", True),
        (f"  Date de naissance : {born}", False),
        (f"  Prélèvement du {date} à 08h15 – Dossier n° {number}", False),
        ("  Prescripteur : Dr Camille MARTIN", False),
    ):
        _write(pdf, line, bold=bold)
    pdf.set_y(top + 30)
    _write(pdf, "COMPTE RENDU D’EXAMENS", size=13, bold=True, align="C")
    pdf.ln(3)


def _table(pdf: FPDF, title: str, results: tuple[Result, ...]) -> None:
    _write(pdf, title, size=11, bold=True, colour=ACCENT)
    pdf.ln(1)
    _row(pdf, ("Analyse", "Résultat", "Unité", "Valeurs de référence"), bold=True)
    pdf.set_draw_color(*ACCENT)
    pdf.line(MARGIN, pdf.get_y(), MARGIN + TEXT_WIDTH, pdf.get_y())
    for number, result in enumerate(results):
        if number % 2:
            pdf.set_fill_color(*SHADE)
            pdf.rect(MARGIN, pdf.get_y(), TEXT_WIDTH, 6.2, style="F")
        # A mark beside the colour: read without colours, or on paper.
        value = f"{result.value} *" if result.outside else result.value
        _row(
            pdf,
            (result.name, value, result.unit, result.reference),
            bold=result.outside,
            colour=ALERT if result.outside else INK,
        )
    pdf.ln(4)


def _row(
    pdf: FPDF,
    cells: tuple[str, str, str, str],
    *,
    bold: bool,
    colour: tuple[int, int, int] = INK,
) -> None:
    pdf.set_x(MARGIN)
    pdf.set_font(FONT, "B" if bold else "", 10)
    pdf.set_text_color(*colour)
    for width, text, align in zip(COLUMNS, cells, ("L", "R", "L", "L"), strict=True):
        pdf.cell(width, 6.2, f"  {text}" if align == "L" else text, align=align)
    pdf.ln(6.2)


def _conclusion(pdf: FPDF) -> None:
    _write(pdf, "* hors des valeurs de référence", size=9)
    pdf.ln(3)
    _write(
        pdf,
        "Commentaire : anémie modérée avec ferritine basse, évoquant une carence martiale. "
        "À interpréter selon le contexte clinique.",
    )
    pdf.ln(6)
    _write(pdf, "Validé par : Dr Alix BERNARD, biologiste médical", bold=True, align="R")
    pdf.set_xy(MARGIN, 280)
    _write(pdf, "Page 1 / 1 – Document fictif", size=8, align="C")
