/** Asking again what failed for a passing reason, ever more slowly. */
import { PortError, StorageFullError, ThrottledError, UnavailableError } from './port_errors.ts'

/**
 * How often, and after how many seconds, a call is repeated.
 *
 * As it stands: after about 1, 2 and 4 seconds. That is a line that broke or a service
 * that restarts; a person who looks at the page wants to be told then, and has a button.
 */
export class RetryPolicy {
  readonly #attempts: number
  readonly #firstDelay: number
  readonly #sleep: (seconds: number) => Promise<void>

  constructor({
    attempts = 4,
    firstDelay = 1,
    sleep = sleepFor,
  }: {
    attempts?: number
    firstDelay?: number
    sleep?: (seconds: number) => Promise<void>
  } = {}) {
    this.#attempts = attempts
    this.#firstDelay = firstDelay
    this.#sleep = sleep
  }

  /**
   * Return what `call` returns, repeated while it raises a temporary PortError.
   *
   * Only for calls that may be repeated: all of the ports' are. The last error is raised as
   * it is. A full store is not asked again (its operator has to act), nor is a service that
   * says how long to wait: the person is told.
   */
  async repeat<Value>(call: () => Promise<Value>): Promise<Value> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await call()
      } catch (failure) {
        if (attempt >= this.#attempts || !isWorthRepeating(failure)) throw failure
      }
      // Up to a quarter off, so that a hundred pages don't all come back at once.
      const delay = this.#firstDelay * 2 ** (attempt - 1)
      await this.#sleep(delay * (1 - Math.random() / 4))
    }
  }
}

/**
 * The policy for the middle of a long document: after about 1, 2, 4, … 64 seconds, some
 * two minutes in all, or as soon as the browser says that there is a line again.
 */
export function patientRetry(): RetryPolicy {
  return new RetryPolicy({ attempts: 8, sleep: sleepUntilOnline })
}

function isWorthRepeating(failure: unknown): boolean {
  if (failure instanceof ThrottledError || failure instanceof StorageFullError) return false
  if (failure instanceof UnavailableError) return failure.retryAfterSeconds === undefined
  return failure instanceof PortError && failure.temporary
}

function sleepUntilOnline(seconds: number): Promise<void> {
  return new Promise((resolve) => {
    const wake = () => {
      clearTimeout(timer)
      globalThis.removeEventListener?.('online', wake)
      resolve()
    }
    const timer = setTimeout(wake, seconds * 1_000)
    // Only a page has it.
    globalThis.addEventListener?.('online', wake)
  })
}

function sleepFor(seconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, seconds * 1_000)
  })
}
