"""What msgspec learns of a struct when it first reads one, learnt before threads begin.

Of two threads that read the first one at the same moment, the second finds what the first
has half built, and the process dies of a null pointer (msgspec 0.21). Here large bodies are
read in threads, and kept envelopes in those of the database. Afterwards any number may read.
"""

from collections.abc import Iterable

import msgspec

from souspli_mailbox.endpoints import Endpoint, Octets
from souspli_mailbox.protocol.organisations import NewAccount
from souspli_mailbox.protocol.values import Envelope


def prepare_types(endpoints: Iterable[Endpoint]) -> None:
    """Learn all that the service reads: requests, and what it kept of them."""
    requests = (one.takes for one in endpoints)
    taken = (kind for kind in requests if kind is not None and not isinstance(kind, Octets))
    for kind in {Envelope, NewAccount, *taken}:
        msgspec.json.Decoder(kind)
