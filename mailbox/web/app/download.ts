/** Hands a verified file to the browser's own download, byte for byte. */
import type { OpenedFile } from './core.ts'

/** How long the address of a download stays good: the browser reads it right away. */
const ADDRESS_LIFE_MS = 60_000

export function download(file: OpenedFile): void {
  // Never the sender's media type: a blob has this page's origin, and one of type
  // text/html that a browser chose to open would run in it.
  const address = URL.createObjectURL(new Blob([file.blob], { type: 'application/octet-stream' }))
  const link = document.createElement('a')
  link.href = address
  link.download = file.name
  link.click()
  window.setTimeout(() => URL.revokeObjectURL(address), ADDRESS_LIFE_MS)
}
