/** What stands around every screen: the name, the language, the way out, the warning. */
import type { ComponentChildren } from 'preact'
import { useSpeech } from './language.tsx'

const MAIN_ID = 'content'

export function Frame({
  children,
  onSignOut,
  leaving = 'frame.signOut',
}: {
  children: ComponentChildren
  /** Absent where there is nothing to leave. */
  onSignOut?: (() => void) | undefined
  leaving?: 'frame.signOut' | 'frame.signOutClaim'
}) {
  const { say, language, choose } = useSpeech()
  const other = language === 'fr' ? 'en' : 'fr'
  return (
    <>
      <a
        class="skip"
        href={`#${MAIN_ID}`}
        onClick={(event) => {
          event.preventDefault()
          document.getElementById(MAIN_ID)?.focus()
        }}
      >
        {say('frame.skip')}
      </a>
      <header class="frame-top">
        <div class="frame-inner">
          <p class="brand">
            <span class="brand-name">Souspli</span>
            <span class="brand-tagline">{say('frame.tagline')}</span>
          </p>
          <div class="frame-actions">
            <button
              type="button"
              class="quiet"
              id="language"
              lang={other}
              onClick={() => choose(other)}
            >
              {say('frame.otherLanguage')}
            </button>
            {onSignOut ? (
              <button type="button" class="quiet" id="sign-out" onClick={onSignOut}>
                {say(leaving)}
              </button>
            ) : null}
          </div>
        </div>
      </header>
      <main id={MAIN_ID} tabIndex={-1}>
        <div class="frame-inner">{children}</div>
      </main>
      <footer class="frame-bottom">
        <div class="frame-inner">
          <p>{say('frame.warning')}</p>
        </div>
      </footer>
    </>
  )
}
