"""At the sender's: what was said for a patient, whether it is paper, and saying it anew.

docs/specs/consent.md §6. The service's word is never enough: a consent chains to one's
own organisation and is about the line of one's own copy; a choice is signed by the
identity that answered it. What was seen once is not unseen: of each kind the statement
with the higher sequence counts, whoever shows the other.
"""

from dataclasses import dataclass

from souspli_exchange.binding import OwnCopy, VerifiedRecipient
from souspli_exchange.errors import WordRefusedError
from souspli_exchange.outgoing import SendingMember
from souspli_exchange.port_errors import BackToPaperError
from souspli_exchange.ports.directory import ClosedView, InvitationView
from souspli_exchange.ports.statements import NotedConsent
from souspli_keys.dsse import Envelope
from souspli_keys.errors import StatementError
from souspli_keys.public import PublicIdentity
from souspli_keys.statements import (
    Act,
    Choice,
    Consent,
    How,
    InForce,
    Line,
    Way,
    check_may,
    in_force,
    sign_statement,
    verify_choice,
    verify_closing,
    verify_consent,
)


@dataclass(frozen=True, slots=True)
class Words:
    """The newest that practice and patient said, as envelopes: kept as evidence."""

    consent: NotedConsent | None = None
    choice: Envelope | None = None
    closing: Envelope | None = None


@dataclass(frozen=True, slots=True)
class Closed:
    """The patient has no account any more (docs/specs/closing.md §4)."""

    since: int
    proved: bool
    """Whether the patient signed it; else it is the service's word alone."""


@dataclass(frozen=True, slots=True)
class VerifiedWords:
    """Words that verify, and which of them counts. Made by `verify_words`."""

    words: Words
    consent: Consent | None
    in_force: InForce | None
    closed: Closed | None = None

    def check_electronic(self) -> None:
        """Raise BackToPaperError if the patient is written to on paper."""
        if self.closed is not None:
            raise BackToPaperError(
                "the patient closed their account",
                since=self.closed.since,
                by_patient=self.closed.proved,
                closed=True,
            )
        if self.in_force is not None and self.in_force.way is Way.PAPER:
            raise BackToPaperError(
                "the patient is written to on paper",
                since=self.in_force.since,
                by_patient=self.in_force.by_patient,
            )


def verify_words(
    view: InvitationView,
    own: OwnCopy,
    *,
    sender: SendingMember,
    identity: PublicIdentity | None,
    known: Words = Words(),
) -> VerifiedWords:
    """Return what was said for the patient of this invitation, and what counts of it.

    `identity` is that of the verified binding, None while there is none: then nobody can
    have chosen. `known` is what this client saw before. Raises WordRefusedError if the
    service shows a statement that does not verify.
    """
    subject = own.invitation.line.subject
    consent, noted = _consent(view.consent, subject, sender), view.consent
    if known.consent is not None:
        seen = _still_right(known.consent, subject, sender)
        if seen is not None and (consent is None or seen.line.sequence > consent.line.sequence):
            consent, noted = seen, known.consent
    choice, chosen = _choice(view.choice, identity, sender), view.choice
    if known.choice is not None and identity is not None:
        own_word = _still_own(known.choice, identity, sender)
        if own_word is not None and (
            choice is None or own_word.line.sequence > choice.line.sequence
        ):
            choice, chosen = own_word, known.choice
    closed, closing = _closed(view.closed, known.closing, identity, sender)
    return VerifiedWords(
        words=Words(consent=noted, choice=chosen, closing=closing),
        closed=closed,
        consent=consent,
        in_force=in_force(
            consent=None if consent is None else consent.said,
            choice=None if choice is None else choice.said,
        ),
    )


def sign_consent(
    sender: SendingMember,
    *,
    subject: str,
    before: VerifiedWords | None,
    way: Way,
    how: How,
    given_at: int,
    text: tuple[str, str] | None,
    now: int,
) -> Envelope:
    """Return what the patient told the practice, signed to follow what was said before.

    `subject` is that of the invitation's line, `text` version and hash of what was read
    to the patient. Raises StatementError if the member's role notes nothing.
    """
    member = check_may(sender.statement, Act.CONSENTS)
    counts = None if before is None else before.in_force
    # Later than what counts now, whatever the two clocks say.
    moment = now if counts is None else max(now, counts.since + 1)
    newest = None if before is None else before.consent
    noted = None if before is None else before.words.consent
    if newest is not None and noted is not None and newest.line.subject == subject:
        line = newest.line.after(noted.consent.payload_hash, issued_at=moment)
    else:
        line = Line.first(origin=sender.origin, issued_at=moment, subject=subject)
    consent = Consent(
        line=line,
        organisation=member.organisation,
        member=member.fingerprint,
        way=way,
        how=how,
        given_at=min(given_at, moment),
        text_version=None if text is None else text[0],
        text_hash=None if text is None else text[1],
    )
    return sign_statement(consent, sender.identity)


def _verified(noted: NotedConsent, subject: str, sender: SendingMember) -> Consent:
    return verify_consent(
        noted.consent,
        organisation_statement=sender.organisation,
        member_statement=noted.member,
        organisation=sender.statement.organisation,
        origin=sender.origin,
        subject=subject,
    )


def _consent(noted: NotedConsent | None, subject: str, sender: SendingMember) -> Consent | None:
    if noted is None:
        return None
    try:
        return _verified(noted, subject, sender)
    except StatementError as refused:
        raise WordRefusedError("a consent that is not the practice's for this patient") from refused


def _choice(
    chosen: Envelope | None, identity: PublicIdentity | None, sender: SendingMember
) -> Choice | None:
    if chosen is None:
        return None
    if identity is None:
        raise WordRefusedError("a choice by an account that nobody has bound")
    try:
        return verify_choice(
            chosen,
            identity=identity,
            organisation=sender.statement.organisation,
            origin=sender.origin,
        )
    except StatementError as refused:
        raise WordRefusedError("a choice that the patient did not sign") from refused


def _closed(
    view: ClosedView | None,
    known: Envelope | None,
    identity: PublicIdentity | None,
    sender: SendingMember,
) -> tuple[Closed | None, Envelope | None]:
    """Return since when the account is closed, and the word for it that is kept."""
    shown = None if view is None else view.closing
    if shown is not None:
        if identity is None:
            raise WordRefusedError("a closing by an account that nobody has bound")
        try:
            closing = verify_closing(shown, identity=identity, origin=sender.origin)
        except StatementError as refused:
            raise WordRefusedError("a closing that the patient did not sign") from refused
        return Closed(since=closing.line.issued_at, proved=True), shown
    if known is not None and identity is not None:
        try:
            closing = verify_closing(known, identity=identity, origin=sender.origin)
        except StatementError:
            pass  # by an account before this one
        else:
            return Closed(since=closing.line.issued_at, proved=True), known
    return (None if view is None else Closed(since=view.closed_at, proved=False)), None


def _still_right(noted: NotedConsent, subject: str, sender: SendingMember) -> Consent | None:
    """Return a kept consent; None if it is about another line (an account before this one)."""
    try:
        return _verified(noted, subject, sender)
    except StatementError:
        return None


def _still_own(chosen: Envelope, identity: PublicIdentity, sender: SendingMember) -> Choice | None:
    """Return a kept choice; None if another account signed it."""
    try:
        return _choice(chosen, identity, sender)
    except WordRefusedError:
        return None


def identity_of(recipient: VerifiedRecipient) -> PublicIdentity | None:
    """Return the identity that may have chosen: the account's, once there is one."""
    return None if recipient.binding is None else recipient.identity
