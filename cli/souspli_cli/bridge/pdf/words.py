"""What may be found in a PDF: the words that rows keep, ``bridge.finding_<value>``.

Nothing of ours is imported here: the process that reads hostile files does, too.
"""

from __future__ import annotations

from typing import Final

UNREADABLE: Final = "pdf_unreadable"
"""It can't be read, or not to its end within the bounds: nobody knows what is in it."""
ENCRYPTED: Final = "pdf_encrypted"
"""It asks for a password; nobody knows what is behind it."""
JAVASCRIPT: Final = "pdf_javascript"
LAUNCH: Final = "pdf_launch"
"""It starts programs, or sends what is filled in somewhere."""
FORM: Final = "pdf_form"
"""An XFA form, a program of another kind."""
EMBEDDED_FILES: Final = "pdf_embedded_files"
EMBEDDED_PROGRAM: Final = "pdf_embedded_program"
"""One of the embedded files runs when it is opened."""
NOT_EXAMINED: Final = "pdf_not_examined"
"""By the settings."""

ALL: Final = (
    UNREADABLE,
    ENCRYPTED,
    JAVASCRIPT,
    LAUNCH,
    FORM,
    EMBEDDED_FILES,
    EMBEDDED_PROGRAM,
    NOT_EXAMINED,
)
