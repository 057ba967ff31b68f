"""What the age format's code raises: one type per failure class of the CCTV vectors.

    ExchangeError
    └── AgeError
        ├── AgeUsageError              the calling code is wrong, not the data
        │   └── ChunkSealedTwiceError  a chunk index was about to be sealed again
        ├── KeyStringError             a recipient or identity is not one
        ├── ArmorError                 "armor failure"
        ├── HeaderError                "header failure"
        │   └── HeaderIncompleteError  so far so good, but more bytes are needed
        ├── NoMatchError               "no match"
        ├── HmacError                  "HMAC failure"
        └── PayloadError               "payload failure"

None of these is temporary: the same bytes fail in the same way tomorrow. Texts
say what is wrong with the shape; they never hold key material or plaintext.
"""

from souspli_exchange.errors import ExchangeError


class AgeError(ExchangeError):
    """Base of all errors of the age format."""


class AgeUsageError(AgeError):
    """The calling code asked for something that age does not allow."""


class ChunkSealedTwiceError(AgeUsageError):
    """Refused: two plaintexts under one nonce would give both away.

    Resend the sealed bytes that were kept, or begin a new file with a new file key.
    """


class KeyStringError(AgeError):
    """A recipient or an identity is misspelt, of another type, or a dangerous key."""


class ArmorError(AgeError):
    """The text is not one armored file in the one strict spelling."""


class HeaderError(AgeError):
    """The header, or a stanza meant for us, is not what age prescribes.

    The payload's nonce belongs here too: CCTV counts a short one as a header failure.
    """


class HeaderIncompleteError(HeaderError):
    """The bytes are the beginning of a header that may be valid: more are needed.

    At the end of a file it means what its base says.
    """


class NoMatchError(AgeError):
    """The header is well formed, and none of the stanzas is for these identities."""


class HmacError(AgeError):
    """The file key was found, and the header is not the one that its writer made."""


class PayloadError(AgeError):
    """The payload is damaged, cut short, or goes on after its final chunk."""
