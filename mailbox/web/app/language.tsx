/**
 * The language of the page: French unless the person chose English.
 *
 * Beside the choice the page keeps nothing in the browser's storage but sealed segments of
 * large documents (`files/visit.ts`).
 */
import { type ComponentChildren, createContext } from 'preact'
import { useContext, useLayoutEffect, useMemo, useState } from 'preact/hooks'
import { LANGUAGES, type Language, type Say, speaker } from '../texts/texts.ts'

const STORAGE_KEY = 'souspli.language'
const DEFAULT: Language = 'fr'

/** What every screen needs to speak. */
export interface Speech {
  readonly language: Language
  readonly say: Say
  readonly choose: (language: Language) => void
}

const SpeechContext = createContext<Speech | null>(null)

/** Return the language in force and what says its texts. */
export function useSpeech(): Speech {
  const speech = useContext(SpeechContext)
  if (speech === null) throw new Error('outside of <Speaking>')
  return speech
}

/** Gives its children a language, and tells the browser (and screen readers) which one it is. */
export function Speaking({ children }: { children: ComponentChildren }) {
  const [language, setLanguage] = useState(remembered)
  useLayoutEffect(() => {
    document.documentElement.lang = language
  }, [language])
  const speech = useMemo<Speech>(
    () => ({
      language,
      say: speaker(language),
      choose: (chosen) => {
        remember(chosen)
        setLanguage(chosen)
      },
    }),
    [language],
  )
  return <SpeechContext.Provider value={speech}>{children}</SpeechContext.Provider>
}

// Storage throws where cookies are blocked; the page then speaks French each time.
function remembered(): Language {
  try {
    const kept = localStorage.getItem(STORAGE_KEY)
    return LANGUAGES.find((language) => language === kept) ?? DEFAULT
  } catch {
    return DEFAULT
  }
}

function remember(language: Language): void {
  try {
    localStorage.setItem(STORAGE_KEY, language)
  } catch {
    // Not kept: nothing else is lost.
  }
}
