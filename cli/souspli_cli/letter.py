"""The claim letter: the one place where a claim code is ever written.

Rendered on the member's machine, French first, English on the second page;
docs/specs/claim.md §2. The layout fits a French window envelope (NF Z 10-011):
folded in three, only the address shows, and the code lies inside.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from souspli_cli.errors import Refused
from souspli_cli.paper import FONT, a4, printable

if TYPE_CHECKING:
    from fpdf import FPDF

# Millimetres from the top left corner of an A4 page.
MARGIN: Final = 22.0
PAGE_WIDTH: Final = 210.0
TEXT_WIDTH: Final = PAGE_WIDTH - 2 * MARGIN
# NF Z 10-011: with a third of the page folded back, the window of a DL or C5/6
# envelope shows x 100–200, y 45–90. The block keeps 5 mm from every edge.
WINDOW_LEFT: Final = 108.0
WINDOW_TOP: Final = 52.0
# First fold at 99 mm: what must not show through the window stands below it.
BELOW_FOLD: Final = 106.0
QR_SIZE: Final = 44.0

# Large type: the reference reader is 80 years old.
BODY: Final = 13.0
CODE: Final = 26.0


@dataclass(frozen=True, kw_only=True)
class Letter:
    """What stands on a letter. `claim_code` is secret: 20 symbols, no separators.

    `page` is the page's address, without fragment, ending in `/`; `not_after`
    is in seconds since 1970; `letter_number` has 10 digits.
    """

    practice_name: str
    practice_phone: str
    practice_address: tuple[str, ...]
    patient_name: str
    patient_address: tuple[str, ...]
    page: str
    invitation_id: str
    organisation_fingerprint: str
    letter_number: str
    claim_code: str = field(repr=False)
    not_after: int

    def qr_text(self) -> str:
        """The address that the QR code holds (docs/specs/claim.md §2)."""
        parts = ("1", self.invitation_id, self.organisation_fingerprint, self.claim_code)
        return f"{self.page}#{'.'.join(parts)}"


def grouped_code(code: str) -> str:
    """`XXXXX-XXXXX-XXXXX-XXXXX`, as the page asks for it."""
    return "-".join(code[start : start + 5] for start in range(0, len(code), 5))


def grouped_number(number: str) -> str:
    """`123 456 789 0`."""
    return f"{number[:3]} {number[3:6]} {number[6:9]} {number[9:]}"


def _unbroken(phone: str) -> str:
    """A phone number that no line break cuts in two."""
    return phone.replace(" ", "\N{NO-BREAK SPACE}")


def render_letter(letter: Letter) -> bytes:
    """The letter as PDF: French on the first page, English on the second.

    Raises `Refused` (`letter-characters`) when a name holds a character that the typeface lacks
    (a letter with a hole in the name would come back from the post).
    """
    # No name in the file's properties: they show in folders and print queues.
    with a4(title="Souspli") as pdf:
        pdf.set_margins(MARGIN, MARGIN)
        _refuse_missing_characters(pdf, letter)
        _first_page(pdf, letter)
        _second_page(pdf, letter)
        return bytes(pdf.output())


def _refuse_missing_characters(pdf: FPDF, letter: Letter) -> None:
    text = "".join(
        (
            letter.practice_name,
            letter.patient_name,
            letter.practice_phone,
            *letter.practice_address,
            *letter.patient_address,
        )
    )
    if not printable(pdf, text):
        raise Refused("letter-characters")


def _first_page(pdf: FPDF, letter: Letter) -> None:
    expiry = datetime.fromtimestamp(letter.not_after, tz=UTC).strftime("%d/%m/%Y")
    pdf.add_page()
    _letterhead(pdf, letter)
    _window(pdf, letter)

    pdf.set_xy(MARGIN, BELOW_FOLD)
    _paragraph(pdf, "Vos documents médicaux vous attendent en ligne", size=16, bold=True)
    pdf.ln(1.5)
    _paragraph(
        pdf,
        "Bonjour, votre cabinet vous transmet des documents de façon protégée : vous seul "
        "pouvez les lire. Pour ouvrir votre espace :",
    )
    pdf.ln(2)
    top = pdf.get_y()
    column = TEXT_WIDTH - QR_SIZE - 6
    _paragraph(pdf, "1.  Dans un navigateur, tapez cette adresse :", width=column)
    _paragraph(pdf, letter.page, width=column, bold=True, size=15)
    pdf.ln(1)
    _paragraph(pdf, "2.  Tapez le numéro du courrier :", width=column)
    _paragraph(pdf, grouped_number(letter.letter_number), width=column, bold=True, size=16)
    pdf.ln(1)
    _paragraph(pdf, "3.  Tapez le code :", width=column)
    bottom = pdf.get_y()
    _qr_code(pdf, letter, x=PAGE_WIDTH - MARGIN - QR_SIZE, y=top)
    pdf.set_xy(PAGE_WIDTH - MARGIN - QR_SIZE, top + QR_SIZE + 0.5)
    pdf.set_font(FONT, "", 9)
    pdf.cell(QR_SIZE, 4, "ou scannez ce carré", align="C")
    pdf.set_xy(MARGIN, max(bottom, top + QR_SIZE + 6))
    _code_box(pdf, letter)
    pdf.ln(3)
    _paragraph(
        pdf,
        "On vous demandera ensuite votre nom, votre date de naissance et un code envoyé à votre "
        f"adresse e-mail. Ce courrier est valable jusqu’au {expiry}. Passé cette date, ou si vous "
        f"l’avez perdu, appelez votre cabinet : {_unbroken(letter.practice_phone)}.",
    )
    pdf.ln(2)
    _paragraph(
        pdf,
        "Personne ne vous demandera jamais ce code : ni par téléphone, ni par SMS, ni par e-mail.",
        bold=True,
    )
    _paragraph(pdf, "Détruisez cette page dès que vous êtes connecté.", bold=True)
    pdf.ln(1)
    _paragraph(pdf, "English: please turn over.", size=10)


def _second_page(pdf: FPDF, letter: Letter) -> None:
    expiry = datetime.fromtimestamp(letter.not_after, tz=UTC).strftime("%d %B %Y")
    pdf.add_page()
    pdf.set_xy(MARGIN, MARGIN)
    _paragraph(pdf, "Your medical documents are waiting online", size=16, bold=True)
    pdf.ln(2)
    _paragraph(
        pdf,
        "Hello, your practice sends you documents in a protected way: only you can read them. "
        "To open your mailbox:",
    )
    pdf.ln(2)
    for step in (
        f"1.  In a browser, type the address {letter.page} (or scan the square overleaf).",
        "2.  Type the letter number that stands overleaf.",
        "3.  Type the code in the frame overleaf.",
    ):
        _paragraph(pdf, step)
    pdf.ln(2)
    _paragraph(
        pdf,
        "You will then be asked for your name, your date of birth and a code sent to your e-mail "
        f"address. This letter is valid until {expiry}. After that date, or if you lose it, call "
        f"your practice: {_unbroken(letter.practice_phone)}.",
    )
    pdf.ln(2)
    _paragraph(
        pdf,
        "Nobody will ever ask you for this code: not by phone, not by text message, not by e-mail.",
        bold=True,
    )
    _paragraph(pdf, "Destroy this page once you have signed in.", bold=True)


def _letterhead(pdf: FPDF, letter: Letter) -> None:
    pdf.set_xy(MARGIN, 18)
    _paragraph(pdf, letter.practice_name, bold=True, size=13, width=85)
    for line in (*letter.practice_address, letter.practice_phone):
        _paragraph(pdf, line, size=10, width=85)


def _window(pdf: FPDF, letter: Letter) -> None:
    pdf.set_y(WINDOW_TOP)
    for line in (letter.patient_name, *letter.patient_address):
        pdf.set_x(WINDOW_LEFT)
        pdf.set_font(FONT, "", 11)
        pdf.multi_cell(PAGE_WIDTH - WINDOW_LEFT - 15, 5.2, line, align="L", new_x="LMARGIN")


def _code_box(pdf: FPDF, letter: Letter) -> None:
    top = pdf.get_y()
    pdf.set_line_width(0.6)
    pdf.rect(MARGIN, top, TEXT_WIDTH, 15)
    pdf.set_xy(MARGIN, top)
    pdf.set_font(FONT, "B", CODE)
    pdf.cell(TEXT_WIDTH, 15, grouped_code(letter.claim_code), align="C")
    pdf.set_xy(MARGIN, top + 15)


def _qr_code(pdf: FPDF, letter: Letter, *, x: float, y: float) -> None:
    picture = io.BytesIO()
    # Level M: a folded, coffee-stained letter still scans. Four modules of
    # white around it, as readers demand.
    import segno  # noqa: PLC0415  (with an XML writer: a tenth of what `send` imports)

    segno.make(letter.qr_text(), error="m", micro=False).save(
        picture, kind="png", scale=8, border=4
    )
    pdf.image(picture, x=x, y=y, w=QR_SIZE, h=QR_SIZE, alt_text="QR code")


def _paragraph(
    pdf: FPDF, text: str, *, size: float = BODY, bold: bool = False, width: float = TEXT_WIDTH
) -> None:
    pdf.set_x(MARGIN)
    pdf.set_font(FONT, "B" if bold else "", size)
    # 0.46 mm a point is a line height of 1.3.
    pdf.multi_cell(width, size * 0.46, text, align="L", new_x="LMARGIN")
