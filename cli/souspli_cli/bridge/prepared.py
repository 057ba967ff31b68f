"""What msgspec learns of a struct when it first reads one, learnt before threads begin.

Of two threads that read the first one at the same moment, the second finds what the first
has half built, and the process dies of a null pointer (msgspec 0.21; of fresh interpreters
with eight such threads, one in ten). Afterwards any number may read.
"""

from __future__ import annotations

from typing import Final

import msgspec

from souspli_cli.addressbook import Patient, SentDocument
from souspli_cli.bridge.people.routes import Routes
from souspli_cli.bridge.sending.targets import KeptTarget
from souspli_cli.bridge.slip import DocumentSlip, MailSlip

READ_IN_THREADS: Final = (Patient, SentDocument, Routes, MailSlip, DocumentSlip, KeptTarget)


def prepare_types() -> None:
    """Learn all that the bridge's threads read."""
    for kind in READ_IN_THREADS:
        msgspec.json.Decoder(kind)
