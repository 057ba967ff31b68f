/** What is wrong with which field, said in whichever language the page speaks at the moment. */
import type { Language, Say } from '../../texts/texts.ts'

export type Words = (say: Say, language: Language) => string

/** By the field's id, in the order of the fields. A new object means a new attempt. */
export type Faults = Readonly<Record<string, Words>>

export const NO_FAULTS: Faults = {}

/** Return the words, by field id. */
export function sayFaults(
  faults: Faults,
  say: Say,
  language: Language,
): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(faults).map(([id, words]) => [id, words(say, language)]))
}
