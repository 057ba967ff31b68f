"""Writes docs/intake-samples.md: what came of each file in the folder SOUSPLI_SAMPLES names.

    PYTHONPATH=tests SOUSPLI_SAMPLES=… .venv/bin/python -m intake_samples.table

Names of files, words and numbers; nothing that is in a file gets there.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from intake_samples.expected import EXPECTED
from intake_samples.real import OTHERS, TRAITS, answer_to_unknown_address, outcome_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from intake_samples.real import Outcome, Seen

PAGE: Final = Path(__file__).parents[2] / "docs" / "intake-samples.md"
_HEAD: Final = """\
# Intake: real files, and what came of them

Files of others, from public repositories, that no generator of ours wrote. None of them is
in this tree, and nothing that is in them is on this page: it says which traits a file gave,
not what they are. A test compares each row wherever the files are
(`SOUSPLI_SAMPLES`, `tests/cli/intake/test_samples.py`), and this page is written by
`tests/intake_samples/table.py`.

Each was sent as the attachment of a mail to the routing mailbox of a bridge whose address
book is empty ([bridge.md](specs/bridge.md) §7). A sender that names a patient's own address
instead, one that is in no address book, is told `{unknown}` before it sends the mail.

*Travels* says that the file itself is inside the sealed document, byte for byte, behind the
files that were made from it. With nobody in the address book, every document waits for a
person; the reason is the bridge's own word, `nobody` where all of it was understood.

"""
_COLUMNS: Final = (
    *("file", "read as", "files made from it", "patient", "also", "change", "copies"),
    *("findings", "travels", "answer", "state", "reason"),
)
_WHY: Final = """
## What was not recognised, and why

| file | not said | because |
|---|---|---|
"""


def write_page(folder: Path) -> None:
    """Write the page from the files in `folder`."""
    paths = sorted(folder.glob("*/*"))
    outcomes = {path.relative_to(folder).as_posix(): outcome_of(path) for path in paths}
    rows = [_row(name, found, seen) for name, found in outcomes.items() for seen in found.documents]
    refused = [f"| `{n}` | – {'| ' * 7}| no | `{o.answer}` | | |" for n, o in outcomes.items()
               if not o.documents]  # fmt: skip
    reasons = [_reason(name, found) for name, found in outcomes.items()]
    head = _HEAD.format(unknown=answer_to_unknown_address())
    titles = [f"| {' | '.join(_COLUMNS)} |", "|---" * len(_COLUMNS) + "|"]
    text = head + "".join(f"{line}\n" for line in [*titles, *rows, *refused])
    text += _WHY + "".join(f"{line}\n" for line in reasons)
    PAGE.write_text(text, encoding="utf-8")


def _row(name: str, found: Outcome, seen: Seen) -> str:
    cells = (
        f"`{name}`",
        seen.format,
        str(seen.derived),
        _words(name for name in TRAITS if name in seen.traits),
        _words(name for name in OTHERS if name in seen.others),
        seen.change,
        str(seen.copies),
        _words(sorted(seen.findings)),
        "yes" if found.travels else "no",
        f"`{found.answer}`",
        f"`{seen.state}`",
        f"`{seen.reason}`",
    )
    return f"| {' | '.join(cells)} |"


def _reason(name: str, found: Outcome) -> str:
    said = frozenset[str]().union(*(seen.traits | seen.others for seen in found.documents))
    missing = [one for one in (*TRAITS, *OTHERS[:-1]) if one not in said]
    known = EXPECTED.get(name)
    return f"| `{name}` | {_words(missing)} | {known.why if known else '?'} |"


def _words(names: Iterable[str]) -> str:
    return ", ".join(name.replace("_", " ") for name in names) or "–"


if __name__ == "__main__":
    write_page(Path(os.environ["SOUSPLI_SAMPLES"]))
