"""What was said for a patient: heard from the service, kept, asked for, signed anew.

docs/specs/consent.md §4–§6. Kept beside the patient (`Patient.words`), so that what was
seen once is not unseen, and so that lists can show it without asking.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from souspli_cli import consent_text, people
from souspli_cli.addressbook import Patient, PatientWords, with_invitation
from souspli_cli.errors import Refused, WrongUsage
from souspli_exchange.consent import VerifiedWords, Words, sign_consent, verify_words
from souspli_exchange.port_errors import BackToPaperError
from souspli_exchange.ports.statements import NotedConsent
from souspli_keys import dsse
from souspli_keys.statements import Consent, How, Invitation, Way

if TYPE_CHECKING:
    from souspli_cli.addressbook import AddressBook, OwnInvitation
    from souspli_cli.terminal import Terminal
    from souspli_exchange.binding import OwnCopy
    from souspli_exchange.outgoing import SendingMember
    from souspli_exchange.ports.directory import InvitationView
    from souspli_keys.dsse import Envelope
    from souspli_keys.public import PublicIdentity

# What people type for the three; the words of a program are the last of each.
_ANSWERS = {
    How.ORAL: frozenset({"o", "v", "vive voix", "de vive voix", "in person", "p", "oral"}),
    How.WRITTEN: frozenset({"e", "é", "w", "écrit", "par écrit", "in writing", "written"}),
    How.ONLINE: frozenset({"l", "ligne", "en ligne", "online"}),
}


def how_of(text: str, *, option: str) -> How:
    """Read how somebody told the practice; ``WrongUsage`` for anything else."""
    for how, answers in _ANSWERS.items():
        if text.strip().casefold() in answers:
            return how
    raise WrongUsage("how_not_understood", option=option)


def how_agreed(terminal: Terminal, given: str | None, known: Patient | None) -> How | None:
    """Say how the patient agreed to an invitation; None if what is on record goes on.

    Raises:
        Refused: The patient is on paper, and nobody says that they agree now.
        WrongUsage: Nothing is on record and there is nobody to ask.
    """
    if given is not None:
        return how_of(given, option="--consent")
    if known is not None and known.paper_since is not None:
        raise Refused(
            "paper_no_invitation", address=known.address, date=people.shown_day(known.paper_since)
        )
    noted = known_words(known).consent
    if noted is not None and Consent.parse(noted.consent.payload).way is Way.ELECTRONIC:
        return None
    if terminal.interactive:
        terminal.say("invite.consent_text", text=consent_text.load(terminal.words.language).text)
    return how_of(terminal.ask("invite.consent_ask", option="--consent"), option="--consent")


def check_agreed(words: VerifiedWords | None, how: How | None, address: str) -> None:
    """Raise Refused if the patient went back to paper, and nobody says that they agree now."""
    counts = words.in_force if words is not None else None
    if how is None and counts is not None and counts.way is Way.PAPER:
        raise Refused("paper_no_invitation", address=address, date=people.shown_day(counts.since))


def known_words(patient: Patient | None, letter: OwnInvitation | None = None) -> Words:
    """Give what this client has seen before, as it travelled."""
    closing = None if letter is None or letter.closing is None else dsse.parse(letter.closing)
    words = patient.words if patient is not None else None
    if words is None:
        return Words(closing=closing)
    noted = None
    if words.consent is not None and words.consent_member is not None:
        noted = NotedConsent(
            consent=dsse.parse(words.consent), member=dsse.parse(words.consent_member)
        )
    return Words(
        consent=noted,
        choice=None if words.choice is None else dsse.parse(words.choice),
        closing=closing,
    )


def hear(
    book: AddressBook,
    patient: Patient,
    view: InvitationView,
    own: OwnCopy,
    *,
    sender: SendingMember,
    identity: PublicIdentity | None,
) -> VerifiedWords:
    """Verify what the service shows, and keep it.

    Raises:
        RefusedError: A statement does not verify; nothing is kept.
    """
    letter = patient.letter(view.invitation_id)
    known = known_words(patient, letter)
    verified = verify_words(view, own, sender=sender, identity=identity, known=known)
    words: PatientWords | None = kept_words(verified)
    closed, signed = verified.closed, verified.words.closing
    # What was said in an account before this one is no word about this one.
    old = closed is not None and letter != patient.invitations[-1]
    if words == patient.words or old or (patient.words is None and verified.in_force is None):
        words = patient.words
    closing = None if signed is None else signed.to_json()

    def change(there: Patient | None) -> Patient:
        new = msgspec.structs.replace(there or patient, words=words)
        if closed is None or letter is None:
            return new
        ended = msgspec.structs.replace(letter, closed_since=closed.since, closing=closing)
        return with_invitation(new, ended)

    if change(patient) != patient:
        book.change_patient(patient.address, change)
    return verified


def kept_words(verified: VerifiedWords) -> PatientWords:
    """Give verified words as the address book keeps them."""
    consent, choice, counts = verified.words.consent, verified.words.choice, verified.in_force
    return PatientWords(
        consent=None if consent is None else consent.consent.to_json(),
        consent_member=None if consent is None else consent.member.to_json(),
        choice=None if choice is None else choice.to_json(),
        way=None if counts is None else counts.way.value,
        since=None if counts is None else counts.since,
        by_patient=counts is not None and counts.by_patient,
    )


def agreed(
    sender: SendingMember,
    terminal: Terminal,
    record: Envelope,
    *,
    how: How | None,
    before: VerifiedWords | None,
    known: Patient | None,
    now: int,
) -> Envelope | None:
    """Sign the consent that goes with a new invitation; None where the line's goes on.

    A new line (the patient lost the account) gets what was noted before, with the moment
    at which it was given.
    """
    subject = Invitation.parse(record.payload).line.subject
    read = consent_text.load(terminal.words.language)
    given_at, text = now, (read.version, read.sha256)
    if how is None:
        on_line = None if before is None else before.consent
        noted = known_words(known).consent
        if noted is None or (on_line is not None and on_line.line.subject == subject):
            return None
        # Read from the address book, which is authenticated.
        earlier = Consent.parse(noted.consent.payload)
        how, given_at = earlier.how, earlier.given_at
        text = (earlier.text_version or read.version, earlier.text_hash or read.sha256)
    return sign_consent(
        sender,
        subject=subject,
        before=before,
        way=Way.ELECTRONIC,
        how=how,
        given_at=given_at,
        text=text,
        now=now,
    )


def words_with(sender: SendingMember, consent: Envelope) -> PatientWords:
    """Give what is kept once a consent of our own was taken: it is what counts."""
    said = Consent.parse(consent.payload).said
    return PatientWords(
        consent=consent.to_json(),
        consent_member=sender.member.to_json(),
        way=said.way.value,
        since=said.at,
    )


def on_paper(error: BackToPaperError, address: str) -> Refused:
    """Give the words for a patient who is on paper: since when, said by whom."""
    if error.since is None:
        return Refused("back_to_paper", address=address)
    if error.closed:
        key = "account_closed" if error.by_patient else "account_closed_said"
        return Refused(key, address=address, date=people.shown_day(error.since))
    key = "back_to_paper_patient" if error.by_patient else "back_to_paper_practice"
    return Refused(key, address=address, date=people.shown_day(error.since))
