/** Sizes of files as people write them. */
import { sayNumber } from '../texts/dates.ts'
import type { Language, Say } from '../texts/texts.ts'

const KILOBYTE = 1_000
const MEGABYTE = 1_000_000
const GIGABYTE = 1_000_000_000

export function saySize(say: Say, language: Language, bytes: number): string {
  if (bytes < KILOBYTE) return say('document.octets', { count: bytes })
  if (bytes < MEGABYTE) {
    return say('document.kilobytes', { count: sayNumber(bytes / KILOBYTE, language) })
  }
  if (bytes < GIGABYTE) {
    return say('document.megabytes', { count: sayNumber(bytes / MEGABYTE, language, 1) })
  }
  return say('document.gigabytes', { count: sayNumber(bytes / GIGABYTE, language, 2) })
}
