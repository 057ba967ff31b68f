/** The base of every error that `lib/` raises. Each folder draws its own tree in its `errors.ts`. */
export class SouspliError extends Error {
  /** Spelled out in each class: the build shortens class names. */
  override name = 'SouspliError'
  /** Whether trying the same again, later, may succeed. */
  readonly temporary: boolean = false
}
