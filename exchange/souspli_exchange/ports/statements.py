"""Signed statements that travel two at a time, as the service gave them: unverified."""

from dataclasses import dataclass

from souspli_keys.dsse import Envelope


@dataclass(frozen=True, slots=True)
class BindingEnvelopes:
    """A binding as it travels: one payload, signed by both identities."""

    by_claim: Envelope
    by_identity: Envelope


@dataclass(frozen=True, slots=True)
class NotedConsent:
    """What a member noted, and the statement that certifies them (consent.md §6)."""

    consent: Envelope
    member: Envelope
