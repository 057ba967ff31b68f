/** Shows what is typed: eight words typed blindly are seldom right. */
import { useSpeech } from '../language.tsx'

export function ShowPassword({
  shown,
  onShown,
}: {
  shown: boolean
  onShown: (shown: boolean) => void
}) {
  const { say } = useSpeech()
  return (
    <div class="check">
      <input
        type="checkbox"
        id="show-password"
        checked={shown}
        onChange={(event) => onShown(event.currentTarget.checked)}
      />
      <label for="show-password">{say('frame.show')}</label>
    </div>
  )
}
