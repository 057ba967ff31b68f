/** What became of each vector, counted while the tests run, and compared with docs/vectors.md. */
import { basename } from 'node:path'
import { expect } from 'vitest'
import { rowsBelow } from '../../support/vectors_page.ts'
import type { WycheproofTest } from './read.ts'

const HEADING = '### In TypeScript'

// The columns of the page, in its order.
const OUTCOMES = [
  'valid, taken',
  'invalid, refused',
  'acceptable, taken',
  'acceptable, refused',
  'not run',
] as const
type Outcome = (typeof OUTCOMES)[number]

/** Counts the vectors of one set in one back-end, each under its number once. */
export class Tally {
  readonly #set: string
  readonly #backEnd: string
  readonly #outcomes = new Map<number, string>()

  constructor(path: string, backEnd: string) {
    this.#set = `\`${basename(path, '.json')}\``
    this.#backEnd = backEnd
  }

  /** To be called once all that a test asserts of a vector held. */
  taken({ tcId, result }: WycheproofTest): void {
    this.#outcomes.set(tcId, `${result}, taken`)
  }

  refused({ tcId, result }: WycheproofTest): void {
    this.#outcomes.set(tcId, `${result}, refused`)
  }

  /** The back-end has no way to be given what this vector is about. */
  notRun({ tcId }: WycheproofTest): void {
    this.#outcomes.set(tcId, 'not run')
  }

  /** Throw unless the page has a row of this set and back-end, with these numbers. */
  expectOnPage(): void {
    const all = [...this.#outcomes.values()]
    const count = (outcome: Outcome) => all.filter((one) => one === outcome).length
    const row = [this.#set, this.#backEnd, ...OUTCOMES.map((outcome) => String(count(outcome)))]
    expect(all.filter((one) => !OUTCOMES.some((outcome) => outcome === one))).toEqual([])
    expect(rowsBelow(HEADING)).toContainEqual(row)
  }
}
