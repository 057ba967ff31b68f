/** The page won't run here: what to do instead. No field to type a code into. */
import { Title } from '../form/title.tsx'
import { useSpeech } from '../language.tsx'
import type { Refusal } from '../surroundings.ts'

export function Refused({ why }: { why: Refusal }) {
  const { say } = useSpeech()
  const words = {
    host: say('refused.host', { host: location.hostname }),
    insecure: say('refused.insecure'),
    framed: say('refused.framed'),
    browser: say('refused.browser'),
  }[why]
  return (
    <>
      <Title words={say('refused.title')} />
      <div class="problem" role="alert" id="problem">
        <p>{words}</p>
      </div>
    </>
  )
}
