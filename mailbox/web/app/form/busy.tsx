/** What the page is busy with, in words that are read out; empty while it is not. */
export function Busy({ words }: { words: string | null }) {
  // The element is always there: a live region that appears together with its words is
  // not read by every screen reader.
  return (
    <p class="busy" role="status" aria-live="polite" id="busy">
      {words ?? ''}
    </p>
  )
}
