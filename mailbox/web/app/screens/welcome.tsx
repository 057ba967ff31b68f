/** The first screen: a letter, or an account. */
import { Title } from '../form/title.tsx'
import { useSpeech } from '../language.tsx'

export function Welcome({ onLetter, onAccount }: { onLetter: () => void; onAccount: () => void }) {
  const { say } = useSpeech()
  return (
    <>
      <Title words={say('welcome.title')} />
      <p class="lead">{say('welcome.lead')}</p>
      <div class="choices">
        <section class="card" aria-labelledby="letter-title">
          <h2 id="letter-title">{say('welcome.letterTitle')}</h2>
          <p>{say('welcome.letterText')}</p>
          <button type="button" id="have-letter" onClick={onLetter}>
            {say('welcome.letter')}
          </button>
        </section>
        <section class="card" aria-labelledby="account-title">
          <h2 id="account-title">{say('welcome.accountTitle')}</h2>
          <p>{say('welcome.accountText')}</p>
          <button type="button" id="have-account" class="secondary" onClick={onAccount}>
            {say('welcome.account')}
          </button>
        </section>
      </div>
    </>
  )
}
