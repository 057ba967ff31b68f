/**
 * What the page can say, and how a text gets its places filled.
 *
 * The type of a text knows its places: leaving one out, or naming one that is not
 * there, does not compile.
 */
import { en } from './en.ts'
import { fr } from './fr.ts'
import { frenchSpaces, onOneLine } from './typography.ts'

export type TextKey = keyof typeof fr
export type Texts = Readonly<Record<TextKey, string>>
export type Language = 'fr' | 'en'

export const LANGUAGES: readonly Language[] = ['fr', 'en']

type PlacesIn<Text extends string> = Text extends `${string}{${infer Place}}${infer Rest}`
  ? Place | PlacesIn<Rest>
  : never

/** The places that the text under `Key` has. */
export type Places<Key extends TextKey> = PlacesIn<(typeof fr)[Key]>

/** Nothing for a text without places, an object with all of them otherwise. */
export type Filling<Key extends TextKey> = [Places<Key>] extends [never]
  ? []
  : [Readonly<Record<Places<Key>, string | number>>]

/** Return the text in one language, its places filled. */
export type Say = <Key extends TextKey>(key: Key, ...filling: Filling<Key>) => string

const PLACE = /\{([a-zA-Z]+)\}/g

/** Return what says the texts in `language`. */
export function speaker(language: Language): Say {
  const texts: Texts = language === 'fr' ? fr : en
  return (key, ...filling) => {
    const values: Readonly<Record<string, string | number>> = filling[0] ?? {}
    // Spaces first: what fills the places (a name, a title) is said as it was written.
    const text = language === 'fr' ? frenchSpaces(texts[key]) : texts[key]
    return text.replace(PLACE, (_place, name: string) => {
      const value = String(values[name] ?? '')
      return name === 'phone' ? onOneLine(value) : value
    })
  }
}
