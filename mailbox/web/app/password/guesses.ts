/**
 * How many guesses a password withstands, by zxcvbn with French and English dictionaries.
 *
 * Two megabytes of dictionaries: imported when somebody chooses a password of their own,
 * never before.
 */
import { ZxcvbnFactory } from '@zxcvbn-ts/core'
import * as common from '@zxcvbn-ts/language-common'
import * as english from '@zxcvbn-ts/language-en'
import * as french from '@zxcvbn-ts/language-fr'
import { normalizePassword } from './rules.ts'

let estimator: ZxcvbnFactory | undefined

/** Return the estimated number of guesses. `known` are words that an attacker knows of this person. */
export function guesses(password: string, known: readonly string[]): number {
  estimator ??= new ZxcvbnFactory({
    dictionary: { ...common.dictionary, ...english.dictionary, ...french.dictionary },
    graphs: common.adjacencyGraphs,
  })
  return estimator.check(normalizePassword(password), [...known]).guesses
}
