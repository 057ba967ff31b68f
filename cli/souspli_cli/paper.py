"""An A4 page to print on, with the typeface that letter and report share."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from fpdf import FPDF

FONT: Final = "liberation"
# Put there by the build hook (hatch_build.py).
_FOLDER: Final = Path(__file__).parent / "fonts"


@contextmanager
def a4(*, title: str) -> Generator[FPDF]:
    """An empty A4 document in French; its only property is `title`."""
    # 0.4 s: only who prints waits for it.
    from fpdf import FPDF  # noqa: PLC0415
    from fpdf.fonts import TTFFont  # noqa: PLC0415

    pdf = FPDF(format="A4", unit="mm")
    pdf.set_auto_page_break(auto=False)
    pdf.add_font(FONT, "", _FOLDER / "LiberationSans-Regular.ttf")
    pdf.add_font(FONT, "B", _FOLDER / "LiberationSans-Bold.ttf")
    pdf.set_lang("fr-FR")
    pdf.set_title(title)
    try:
        yield pdf
    finally:
        for font in pdf.fonts.values():
            # fpdf2 keeps the font files open until it is collected.
            if isinstance(font, TTFFont):
                font.ttfont.close()


def printable(pdf: FPDF, text: str) -> bool:
    """True if the typeface has every character of `text`."""
    from fpdf.fonts import TTFFont  # noqa: PLC0415  (as above)

    font = pdf.fonts[FONT]
    return isinstance(font, TTFFont) and all(ord(character) in font.cmap for character in text)
