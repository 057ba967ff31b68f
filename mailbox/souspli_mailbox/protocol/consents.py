"""Electronic or paper, as practice and patient say it (docs/specs/consent.md)."""

from typing import Annotated

from msgspec import Meta

from souspli_mailbox.protocol.invitations import NotedConsent
from souspli_mailbox.protocol.values import Envelope, Id, Message, Moment


class ConsentRequest(Message, frozen=True, kw_only=True):
    """POST /v1/consents: what the patient told the practice, later than with the letter."""

    invitation_id: Id
    consent: Envelope


class OnPaper(Message, frozen=True, kw_only=True):
    """An invitation whose patient is on paper, says the service: look it up, and verify."""

    invitation_id: Id
    paper_since: Moment


class OnPaperPage(Message, frozen=True, kw_only=True):
    """GET /v1/consents, the longest on paper first; `next` is the cursor of the following page."""

    on_paper: list[OnPaper]
    next: str | None


class ChoiceRequest(Message, frozen=True, kw_only=True):
    """PUT /v1/choices/{organisation}: the patient's own word."""

    choice: Envelope


class PatientsOrganisation(Message, frozen=True, kw_only=True):
    """An organisation that the account came from; material to verify, not to trust."""

    organisation: Envelope
    consent: NotedConsent | None
    choice: Envelope | None


class ChoicesAnswer(Message, frozen=True, kw_only=True):
    """GET /v1/choices."""

    # An account is made of one letter; later ones may be added to it.
    organisations: Annotated[list[PatientsOrganisation], Meta(max_length=1_000)]
