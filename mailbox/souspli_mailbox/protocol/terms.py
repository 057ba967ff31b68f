"""The operator's terms, and accepting them (docs/specs/consent.md §7)."""

from typing import Annotated

from msgspec import Meta

from souspli_mailbox.protocol.values import Envelope, Hash, Message, Moment

Version = Annotated[str, Meta(min_length=1, max_length=32)]


class TermsText(Message, frozen=True, kw_only=True):
    """One language's text; `sha256` is of its UTF-8 bytes."""

    text: str
    sha256: Hash


class TermsVersion(Message, frozen=True, kw_only=True):
    """One version in both languages."""

    version: Version
    in_force_from: Moment
    fr: TermsText
    en: TermsText


class TermsAnswer(Message, frozen=True, kw_only=True):
    """GET /v1/terms."""

    in_force: TermsVersion
    announced: TermsVersion | None


class AcceptanceRequest(Message, frozen=True, kw_only=True):
    """PUT /v1/acceptance."""

    acceptance: Envelope


class AcceptanceAnswer(Message, frozen=True, kw_only=True):
    """GET /v1/acceptance: the newest, None if there is none."""

    acceptance: Envelope | None
