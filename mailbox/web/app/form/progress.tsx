/** How far something long is: a bar, words beside it, and the way out. */
import type { ComponentChildren } from 'preact'

export function ProgressBar({
  label,
  share,
  children,
}: {
  /** What the bar is about, for those who don't see where it stands. */
  label: string
  /** 0 to 1. */
  share: number
  children?: ComponentChildren
}) {
  return (
    <div class="progress">
      <progress aria-label={label} max={100} value={Math.floor(share * 100)} />
      {children}
    </div>
  )
}
