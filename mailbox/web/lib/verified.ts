/** Values that only the code which checked them can make. */

/**
 * Base of the classes whose objects say «this was verified».
 *
 * Their constructors are private and their one static method verifies, so the check
 * can't be forgotten; the protected field keeps an object of the same shape from
 * passing for one. (Against forgetting, not against malice: JavaScript allows all.)
 */
export abstract class Verified {
  protected readonly verifiedHere = true

  toString(): string {
    return '…'
  }

  /** What was verified is people and documents: none of it gets into a log by accident. */
  toJSON(): string {
    return this.toString()
  }
}
