/**
 * Everything that `lib/keys` raises: the twin of `souspli_keys/errors.py`.
 *
 *     SouspliError
 *     └── KeysError
 *         ├── MisuseError                 the calling code is wrong, not the data
 *         ├── FormatError                 the data is not written as the specification says
 *         │   ├── CanonicalError          not canonical JSON (encoding.md §3)
 *         │   ├── SchemaError             a field is missing, unknown or of another type
 *         │   │   └── VersionError        of a version that this program does not know
 *         │   ├── SpellingError           base64, hexadecimal, id or date spelt otherwise (§2)
 *         │   │   └── KeyStringError      `age1pq1…`
 *         │   ├── EnvelopeError           not a signed envelope (§4)
 *         │   ├── AddressError            not an e-mail address or origin (§5)
 *         │   ├── PersonError             a surname or birth date that nobody can have
 *         │   ├── PasswordError           a password that is nothing at all
 *         │   └── CodeError               a code or number that was read or typed (keys.md §2)
 *         │       ├── CodeSymbolError     a character outside the alphabet
 *         │       ├── CodeLengthError     too many symbols, or too few
 *         │       └── CodeCheckError      the check symbol differs: a typing error
 *         ├── SignatureError              an envelope's signatures, never saying which
 *         ├── StatementError              a statement; `reason` is the service's fixed word
 *         │   ├── StatementSchemaError    "schema"
 *         │   ├── StatementSignatureError "signature"
 *         │   ├── ChainError              "chain": it does not lead to what is trusted
 *         │   ├── RoleError               "role": the signer may not sign this
 *         │   └── DatesError              "dates": not at this moment
 *         └── VaultError
 *             ├── VaultKeyError           another key's, or altered
 *             ├── VaultMismatchError      another account's, or another generation
 *             └── VaultContentsError      opened, but not a vault of this version
 *
 * None is temporary: the same bytes fail in the same way tomorrow. Texts say what is
 * wrong with the shape; they never hold a secret, a name, an address or a code.
 */
import { SouspliError } from '../errors.ts'

/** Base of all errors of this folder. */
export class KeysError extends SouspliError {
  override name = 'KeysError'
}

/** The calling code asked for something that has no meaning. */
export class MisuseError extends KeysError {
  override name = 'MisuseError'
}

/** The data is not written as the specification says. */
export class FormatError extends KeysError {
  override name = 'FormatError'
}

/** Not canonical JSON, by one of the rules of encoding.md §3. */
export class CanonicalError extends FormatError {
  override name = 'CanonicalError'
}

/** A field is missing, unknown, of another type or out of its limits. */
export class SchemaError extends FormatError {
  override name = 'SchemaError'
}

/** Its `version` is another one. What else it says, only a newer program may know. */
export class VersionError extends SchemaError {
  override name = 'VersionError'
}

/** A value has one spelling, and this is not it. */
export class SpellingError extends FormatError {
  override name = 'SpellingError'
}

/** A recipient is misspelt, or another kind of key. */
export class KeyStringError extends SpellingError {
  override name = 'KeyStringError'
}

/** Not a signed envelope with exactly two signatures. */
export class EnvelopeError extends FormatError {
  override name = 'EnvelopeError'
}

/** Not an e-mail address, or not an origin. */
export class AddressError extends FormatError {
  override name = 'AddressError'
}

/** A surname without any letter, or a birth date that is none. */
export class PersonError extends FormatError {
  override name = 'PersonError'
}

/** A password that is empty, or that no keyboard types. */
export class PasswordError extends FormatError {
  override name = 'PasswordError'
}

/** A code or number was misread or mistyped. */
export class CodeError extends FormatError {
  override name = 'CodeError'
}

/** It holds a character that no code contains. */
export class CodeSymbolError extends CodeError {
  override name = 'CodeSymbolError'
}

/** It has too many symbols, or too few. */
export class CodeLengthError extends CodeError {
  override name = 'CodeLengthError'
}

/** Its check symbol differs: at least one symbol was misread. */
export class CodeCheckError extends CodeError {
  override name = 'CodeCheckError'
}

/** The envelope was refused. Which signature failed is nobody's business. */
export class SignatureError extends KeysError {
  override name = 'SignatureError'
}

/** One of five fixed words (mailbox.md §3). */
export type RefusalReason = 'schema' | 'signature' | 'chain' | 'role' | 'dates'

/** A statement was refused. */
export abstract class StatementError extends KeysError {
  override name = 'StatementError'
  abstract readonly reason: RefusalReason
}

/** It is not written as statements.md says. */
export class StatementSchemaError extends StatementError {
  override name = 'StatementSchemaError'
  readonly reason = 'schema'
}

/** It is not signed by the identity that it should be signed by. */
export class StatementSignatureError extends StatementError {
  override name = 'StatementSignatureError'
  readonly reason = 'signature'
}

/** It does not lead, name by name, to what the reader trusts. */
export class ChainError extends StatementError {
  override name = 'ChainError'
  readonly reason = 'chain'
}

/** Its signer's role may not sign this. */
export class RoleError extends StatementError {
  override name = 'RoleError'
  readonly reason = 'role'
}

/** It was not, is not yet or is no longer in force. */
export class DatesError extends StatementError {
  override name = 'DatesError'
  readonly reason = 'dates'
}

/** A vault or a wrapped vault key was refused. */
export class VaultError extends KeysError {
  override name = 'VaultError'
}

/** It was sealed under another key or for another place, or was altered. */
export class VaultKeyError extends VaultError {
  override name = 'VaultKeyError'
}

/** Another account's vault, or another generation than announced or seen. */
export class VaultMismatchError extends VaultError {
  override name = 'VaultMismatchError'
}

/** It opened, but holds no vault of a version that is understood. */
export class VaultContentsError extends VaultError {
  override name = 'VaultContentsError'
}
