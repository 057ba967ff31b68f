/** The passphrase that is offered: eight words of a BIP-39 list, 88 bits. */
import { wordlist as english } from '@scure/bip39/wordlists/english.js'
import { wordlist as french } from '@scure/bip39/wordlists/french.js'
import type { Language } from '../../texts/texts.ts'

export const PHRASE_WORDS = 8
/** A power of two, so that a masked random number is uniform. */
const LIST_LENGTH = 2048

const LISTS: Readonly<Record<Language, readonly string[]>> = { fr: french, en: english }

/** Return eight words drawn uniformly and independently from the browser's random generator. */
export function drawPhrase(language: Language): readonly string[] {
  const list = LISTS[language]
  if (list.length !== LIST_LENGTH) throw new Error('a BIP-39 list has 2,048 words')
  const draws = crypto.getRandomValues(new Uint16Array(PHRASE_WORDS))
  // The French list is stored decomposed (NFKD); people read and type composed letters.
  return Array.from(draws, (draw) => (list[draw % LIST_LENGTH] ?? '').normalize('NFC'))
}
