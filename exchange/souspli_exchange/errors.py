"""Everything that `souspli_exchange` raises.

    ExchangeError                        .temporary: the very same call may work later
    ├── AgeError                         (age/errors.py: the file format alone)
    ├── ExchangeUsageError               the calling code is wrong
    │   └── AbandonedError               of contents that have failed, perhaps in another thread
    ├── SourceError                      what is to be sent can't be sent like this
    │   ├── SourceChangedError           a file changed while it was being sealed
    │   ├── SourceUnreadableError        a file can't be read to its end
    │   ├── FileNameError                a name that no reader would accept
    │   └── TooLargeToSendError          too many files, bytes, or words about them
    ├── OutputError                      what was opened or sealed could not be kept: disk full, …
    │   └── OutputExistsError            there is something of that name already
    ├── SealedFolderError                no sealed document's folder, or a file of it is gone
    ├── IdentityFileError                not an identity file, or a damaged one
    │   ├── IdentityFileVersionError     written by another version
    │   └── OtherIdentityFileError       a secret one where a public one belongs, or the reverse
    ├── SpoolError                       sealed bytes could not be kept, or are not there
    ├── RefusedError                     a sealed or signed thing is wrong, and stays so
    │   ├── CoverRefusedError            damaged, cut short, or not a cover
    │   │   └── NotForMeError            sealed to an identity that is not the reader's
    │   ├── SenderRefusedError           who signed is not who may have signed
    │   ├── ManifestRefusedError         not a manifest, or not signed by the sender
    │   │   ├── BeyondLimitsError        more files or bytes than this reader takes
    │   │   └── AnotherDocumentError     a right manifest, of another document or service
    │   ├── GrantRefusedError            the chain of re-sealings does not hold
    │   │   ├── AnotherRecipientError    it holds, and ends at somebody else
    │   │   └── ResealedByStrangerError  it holds, and its last link is nobody I know
    │   ├── ContentsRefusedError         contents damaged, cut short, swapped or added to
    │   ├── ReceiptRefusedError          not a receipt of this reader for this manifest
    │   ├── WithdrawalRefusedError       not a withdrawal of this document by its sender
    │   ├── InvitationRefusedError       an invitation that nobody must seal to or claim
    │   ├── WordRefusedError             a consent or choice that nobody signed who may have
    │   ├── EnrolmentRefusedError        no enrolment or certificate for this code
    │   ├── JoiningRefusedError          red stop: not an answer to what was asked
    │   └── BindingRefusedError          red stop: the claim is not proved to be the patient's
    └── PortError                        (port_errors.py: the service's answers, or none)

«Refused» is never temporary: the same bytes are wrong tomorrow. Texts say what is
wrong and what to do; they never hold a name, an address, a title or a key. A test,
and a program that chooses words for people, tell errors apart by type.
"""

from typing import ClassVar


class ExchangeError(Exception):
    """Base of all errors of this package; texts never hold secrets or health data."""

    temporary: ClassVar[bool] = False
    """Whether the same call, unchanged, may succeed later."""


class ExchangeUsageError(ExchangeError):
    """The calling code asked for something that makes no sense."""


class AbandonedError(ExchangeUsageError):
    """These contents have failed already, perhaps in another thread: there the reason is.

    Ends what other threads are still at; nobody who waits for all of them sees it.
    """


class SourceError(ExchangeError):
    """What is to be sent can't be sent like this; nothing was sent."""


class SourceChangedError(SourceError):
    """A file changed while it was being sealed; begin again with a new document."""


class SourceUnreadableError(SourceError):
    """A file could not be read to its end."""


class FileNameError(SourceError):
    """A file's name is one that no reader would accept."""


class TooLargeToSendError(SourceError):
    """Too many files, too many bytes, or more words about them than a cover holds."""


class OutputError(ExchangeError):
    """What was opened or sealed could not be kept (disk full, …); nothing remains.

    The cause is `__cause__`. The document itself is right: the same again, where there
    is room, succeeds.
    """

    temporary = True


class OutputExistsError(OutputError):
    """Something of that name is there already, and stays as it is: choose another."""

    temporary = False


class SealedFolderError(ExchangeError):
    """No folder of a sealed document, or one of its files can't be read."""


class IdentityFileError(ExchangeError):
    """Not an identity file, or a damaged one."""


class IdentityFileVersionError(IdentityFileError):
    """An identity file that another version of Souspli wrote."""


class OtherIdentityFileError(IdentityFileError):
    """A secret identity file where a public one belongs, or the other way round."""


class SpoolError(ExchangeError):
    """Sealed bytes could not be kept, or a spooled document is not complete."""


class RefusedError(ExchangeError):
    """A sealed or signed thing is not what it must be; nothing of it was released."""


class CoverRefusedError(RefusedError):
    """The cover is damaged, cut short, or not a cover of a known version."""


class NotForMeError(CoverRefusedError):
    """The cover is not sealed to the identity that tried to open it."""


class SenderRefusedError(RefusedError):
    """The sender's statements do not chain to an organisation that the reader trusts."""


class ManifestRefusedError(RefusedError):
    """The manifest breaks its schema, or its signatures are not the sender's."""


class BeyondLimitsError(ManifestRefusedError):
    """More files or bytes than this reader's limits; with larger ones it may be right."""


class AnotherDocumentError(ManifestRefusedError):
    """A genuine manifest, but of another document, service or sender."""


class GrantRefusedError(RefusedError):
    """The chain of grants is broken, too long, or does not lead to the reader."""


class AnotherRecipientError(GrantRefusedError):
    """The document is for somebody else, whoever could open its cover."""


class ResealedByStrangerError(GrantRefusedError):
    """The cover was re-sealed by a key that the reader has not verified."""


class ContentsRefusedError(RefusedError):
    """The contents are damaged, cut short, added to, or belong to another document."""


class ReceiptRefusedError(RefusedError):
    """Not a receipt by the expected reader for the expected document."""


class WithdrawalRefusedError(RefusedError):
    """Not a withdrawal of the expected document by the organisation that sent it."""


class InvitationRefusedError(RefusedError):
    """An invitation that must not be sealed to, or claimed: wrong code, dates, chain."""


class WordRefusedError(RefusedError):
    """The service shows a consent or a choice that does not verify; nothing is sent."""


class EnrolmentRefusedError(RefusedError):
    """The code does not fit, another organisation asks, or it is over; or a certificate lies."""


class JoiningRefusedError(RefusedError):
    """Not an answer to the own copy, or a second one; a red stop, never resolved silently."""


class BindingRefusedError(RefusedError):
    """Red stop: this claim is not proved to be by the person who was invited.

    A person decides what happens next; no program resolves it silently.
    """
