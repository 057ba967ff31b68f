/** Step 1: the letter, scanned or typed, checked before anything of its code leaves the page. */
import { useEffect, useState } from 'preact/hooks'
import type { ClaimDraft, UpdateDraft } from '../claim_draft.ts'
import { judgeCode } from '../code_entry.ts'
import type { CheckedLetter, Claim, Core, LetterSource } from '../core.ts'
import { Busy } from '../form/busy.tsx'
import { TroubleBox } from '../form/problem.tsx'
import { useTask } from '../form/task.ts'
import { Title } from '../form/title.tsx'
import { useSpeech } from '../language.tsx'
import { LetterForm } from './letter_form.tsx'
import { LetterSummary } from './letter_summary.tsx'

export function Letter({
  core,
  draft,
  update,
  reloaded,
  onProved,
  onSignIn,
}: {
  core: Core
  draft: ClaimDraft
  update: UpdateDraft
  /** The page was reloaded in the middle of a claim. */
  reloaded: boolean
  onProved: (claim: Claim) => void
  onSignIn: () => void
}) {
  const { say } = useSpeech()
  const task = useTask()
  const [toConfirm, setToConfirm] = useState<CheckedLetter | null>(null)
  const source = scannedSource(draft)

  function check(letter: LetterSource): void {
    task.run(async () => {
      const checked = await core.checkLetter(letter)
      update({ letter: checked })
      // Typing number and code was a decision; opening a scanned address may have been an
      // accident: the proof, and the e-mail that follows it, wait for a click.
      if (letter.kind === 'scanned') setToConfirm(checked)
      else onProved(await checked.prove())
    })
  }

  // A scanned letter is checked once, when the screen comes.
  useEffect(() => {
    if (source !== null) check(source)
  }, [])

  return (
    <>
      <Title words={say('letter.title')} step={1} />
      {reloaded ? <p class="notice">{say('letter.reloaded')}</p> : null}
      {draft.scanned !== null && source === null ? (
        <p class="notice notice-warning">{say('letter.scannedTypo')}</p>
      ) : null}
      {task.trouble ? (
        <TroubleBox
          trouble={task.trouble}
          onRetry={source ? () => check(source) : undefined}
          onSignIn={onSignIn}
        />
      ) : null}
      {source === null ? (
        <LetterForm draft={draft} update={update} busy={task.busy} onLetter={check} />
      ) : null}
      {toConfirm === null ? null : (
        <LetterSummary
          letter={toConfirm}
          busy={task.busy}
          onConfirm={() => task.run(async () => onProved(await toConfirm.prove()))}
        />
      )}
      <Busy words={task.busy ? say('letter.checking') : null} />
    </>
  )
}

/** Return the scanned letter if its code can be right; otherwise the person types it. */
function scannedSource({ scanned }: ClaimDraft): LetterSource | null {
  if (scanned === null || scanned === 'damaged') return null
  const code = judgeCode(scanned.code)
  if (typeof code !== 'string') return null
  const { invitationId, organisation } = scanned
  return { kind: 'scanned', invitationId, organisation, code }
}
