/** A document on its way: how far it is, in words and as a bar, and how to stop it. */
import type { Say } from '../../texts/texts.ts'
import type { Progress } from '../core.ts'
import { Busy } from '../form/busy.tsx'
import { ProgressBar } from '../form/progress.tsx'
import { useSpeech } from '../language.tsx'
import { saySize } from '../sizes.ts'

/** 8 MiB: what is shorter comes in one piece, too quickly for a bar. */
const SHORT_BYTES = 8_388_608

/** 64 MiB: longer documents are kept while they come, and taken up again. */
const LONG_BYTES = 67_108_864

export function ReceivingDocument({
  busy,
  progress,
  onCancel,
}: {
  busy: boolean
  /** Null until the first bytes came. */
  progress: Progress | null
  onCancel: () => void
}) {
  const { say, language } = useSpeech()
  const isLong = busy && progress !== null && progress.total > SHORT_BYTES
  return (
    <>
      <Busy words={busy ? sayProgress(say, progress) : null} />
      {isLong ? (
        <ProgressBar label={say('document.progress')} share={progress.done / progress.total}>
          <p class="hint" id="amount">
            {say('document.amount', {
              done: saySize(say, language, progress.done),
              total: saySize(say, language, progress.total),
            })}
          </p>
          {progress.total > LONG_BYTES ? <p>{say('document.mayLeave')}</p> : null}
          <p class="actions">
            <button type="button" class="secondary" id="cancel" onClick={onCancel}>
              {say('document.cancel')}
            </button>
          </p>
        </ProgressBar>
      ) : null}
    </>
  )
}

function sayProgress(say: Say, progress: Progress | null): string {
  if (progress === null) return say('document.loading')
  const { phase, done, total } = progress
  if (phase === 'verifying') return say('document.verifying')
  // In steps of ten: a live region that counts every percent is noise.
  const percent = Math.floor((done / total) * 10) * 10
  return say(phase === 'resuming' ? 'document.resuming' : 'document.receiving', { percent })
}
