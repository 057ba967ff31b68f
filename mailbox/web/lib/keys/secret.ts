/** What all classes that hold a secret have in common. */

/** Node's hook for `console.log` and assertion messages. */
const INSPECT = Symbol.for('nodejs.util.inspect.custom')

/**
 * Prints as `…`, in text, in JSON and in a debugger's log.
 *
 * Subclasses keep their secret in a `#private` field, which `structuredClone` and
 * `JSON.stringify` don't see either. JavaScript can't wipe memory for certain: a secret
 * lives as short as its holder, and the holder is passed on, not its bytes.
 */
export abstract class Secret {
  toString(): string {
    return '…'
  }

  /** A secret never becomes JSON by accident. */
  toJSON(): string {
    return this.toString()
  }

  [INSPECT](): string {
    return this.toString()
  }
}
