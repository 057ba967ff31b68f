"""Everything that `souspli_keys` raises.

    KeysError
    ├── MisuseError                 the calling code is wrong, not the data
    ├── FormatError                 the data is not written as the specification says
    │   ├── CanonicalError          not canonical JSON (encoding.md §3)
    │   ├── SchemaError             a field is missing, unknown or of another type
    │   ├── SpellingError           base64, hexadecimal, id or date spelt otherwise (§2)
    │   │   └── KeyStringError      `age1pq1…` or `AGE-SECRET-KEY-PQ-1…`
    │   ├── EnvelopeError           not a signed envelope (§4)
    │   ├── AddressError            not an e-mail address or origin (§5)
    │   ├── PhoneError              not a telephone number (§5)
    │   ├── PersonError             a surname or birth date that nobody can have
    │   ├── PasswordError           a password that is nothing at all
    │   └── CodeError               a code or number that was read or typed (keys.md §2)
    │       ├── CodeSymbolError     a character outside the alphabet
    │       ├── CodeLengthError     too many symbols, or too few
    │       └── CodeCheckError      the check symbol differs: a typing error
    ├── SignatureError              an envelope's signatures, never saying which
    ├── LoginRefusedError           a login signature
    ├── StatementError              a statement; `reason` is the service's fixed word
    │   ├── StatementSchemaError    "schema"
    │   ├── StatementSignatureError "signature"
    │   ├── ChainError              "chain": it does not lead to what is trusted
    │   ├── RoleError               "role": the signer may not sign this
    │   └── DatesError              "dates": not at this moment
    └── VaultError
        ├── VaultKeyError           another key's, or altered
        ├── VaultMismatchError      another account's, or another generation
        └── VaultContentsError      opened, but not a vault of this version

None is temporary: the same bytes fail in the same way tomorrow. Texts say what is
wrong with the shape; they never hold a secret, a name, an address or a code.
"""

from typing import ClassVar


class KeysError(Exception):
    """Base of all errors of this package."""


class MisuseError(KeysError):
    """The calling code asked for something that has no meaning."""


class FormatError(KeysError):
    """The data is not written as the specification says."""


class CanonicalError(FormatError):
    """Not canonical JSON, by one of the rules of encoding.md §3."""


class SchemaError(FormatError):
    """A field is missing, unknown, doubled, of another type or out of its limits."""


class SpellingError(FormatError):
    """A value has one spelling, and this is not it."""


class KeyStringError(SpellingError):
    """A recipient or age identity is misspelt, or another kind of key."""


class EnvelopeError(FormatError):
    """Not a signed envelope with exactly two signatures."""


class PhoneError(FormatError):
    """Not a telephone number with its country's code."""


class AddressError(FormatError):
    """Not an e-mail address, or not an origin."""


class PersonError(FormatError):
    """A surname without any letter, or a birth date that is none."""


class PasswordError(FormatError):
    """A password that is empty, or that no keyboard types."""


class CodeError(FormatError):
    """A code or number was misread or mistyped."""


class CodeSymbolError(CodeError):
    """It holds a character that no code contains."""


class CodeLengthError(CodeError):
    """It has too many symbols, or too few."""


class CodeCheckError(CodeError):
    """Its check symbol differs: at least one symbol was misread."""


class SignatureError(KeysError):
    """The envelope was refused. Which signature failed is nobody's business."""


class LoginRefusedError(KeysError):
    """The login signature is not this key's over this challenge."""


class StatementError(KeysError):
    """A statement was refused; `reason` is one of five fixed words (mailbox.md §3)."""

    reason: ClassVar[str] = "schema"


class StatementSchemaError(StatementError):
    """It is not written as statements.md says."""

    reason = "schema"


class StatementSignatureError(StatementError):
    """It is not signed by the identity that it should be signed by."""

    reason = "signature"


class ChainError(StatementError):
    """It does not lead, name by name, to what the reader trusts."""

    reason = "chain"


class RoleError(StatementError):
    """Its signer's role may not sign this."""

    reason = "role"


class DatesError(StatementError):
    """It was not, is not yet or is no longer in force."""

    reason = "dates"


class VaultError(KeysError):
    """A vault or a wrapped vault key was refused."""


class VaultKeyError(VaultError):
    """It was sealed under another key or for another place, or was altered."""


class VaultMismatchError(VaultError):
    """Another account's vault, or another generation than announced or seen."""


class VaultContentsError(VaultError):
    """It opened, but holds no vault of a version that is understood."""
