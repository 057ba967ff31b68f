"""Signed envelopes between the wire, the verifier and the database."""

import msgspec

from souspli_keys import dsse
from souspli_mailbox.protocol.values import Envelope


def open_shape(envelope: Envelope) -> dsse.Envelope:
    """Return an envelope whose shape is right, **not verified**; EnvelopeError otherwise."""
    return dsse.parse(msgspec.to_builtins(envelope))


def to_stored(envelope: Envelope) -> bytes:
    """Return the JSON text that the database keeps."""
    return msgspec.json.encode(envelope)


def from_stored(stored: bytes) -> Envelope:
    """Return what the database kept."""
    return msgspec.json.decode(stored, type=Envelope)
