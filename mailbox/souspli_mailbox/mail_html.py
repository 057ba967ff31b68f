"""A mail's text as HTML: the very same words, laid out (docs/specs/mails.md). Pure.

Made of the plain text and not written beside it, so that the two can't differ. No image,
no style sheet, nothing that a reader's program would fetch, and no link: people type the
address, and so learn not to follow one that looks like it.
"""

from __future__ import annotations

import html
import re
from typing import Final

# Black on white in the reader's own typeface; as wide as can be read with ease.
_BODY: Final = (
    "margin:0;padding:16px;background:#fff;color:#1a1a1a;"
    "font:17px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif"
)
_COLUMN: Final = "max-width:36em;margin:0 auto"
_ADDRESS: Final = "display:block;font-weight:bold;font-size:19px;overflow-wrap:anywhere"
_RULE: Final = "border:0;border-top:1px solid #767676;margin:24px 0"

_LANGUAGES: Final = ("fr", "en")
_BETWEEN_LANGUAGES: Final = "\n--\n"


def as_html(text: str) -> str:
    """Return the page for a text whose two languages are parted by a line `--`."""
    halves = text.split(_BETWEEN_LANGUAGES)
    body = f'\n<hr style="{_RULE}">\n'.join(
        f'<div lang="{language}">\n{_blocks(half)}\n</div>'
        for language, half in zip(_LANGUAGES, halves, strict=True)
    )
    return (
        '<!DOCTYPE html>\n<html lang="fr">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width">\n<title>Souspli</title>\n</head>\n'
        f'<body style="{_BODY}">\n<div style="{_COLUMN}">\n{body}\n</div>\n</body>\n</html>\n'
    )


def _blocks(text: str) -> str:
    return "\n".join(_block(block) for block in re.split(r"\n\n+", text.strip("\n")))


def _block(block: str) -> str:
    if block.startswith("- "):
        items = re.split(r"\n- ", block.removeprefix("- "))
        return "<ul>\n" + "\n".join(f"<li>{_line(item)}</li>" for item in items) + "\n</ul>"
    lines = block.split("\n")
    if lines[-1].startswith(("https://", "http://")):
        address = html.escape(lines.pop())
        return f'<p>{_line(" ".join(lines))}\n<strong style="{_ADDRESS}">{address}</strong></p>'
    return f"<p>{_line(block)}</p>"


def _line(text: str) -> str:
    joined = re.sub(r"\s*\n\s*", "\n", text)
    # French sets a space before these: no line may begin with one of them.
    return html.escape(re.sub(r"[ \n]([:;?!])", "\u00a0\\1", joined), quote=False)
