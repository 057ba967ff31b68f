/**
 * Names of files: which a manifest may hold, and how one is shown and stored.
 *
 * sealed-document.md §3 and §7 rule 5.
 */
import { utf8 } from '../bytes.ts'
import { checkText } from '../keys/canonical.ts'
import { CanonicalError, SchemaError } from '../keys/errors.ts'

const MAX_NAME_BYTES = 255 // what file systems take
const MAX_NAME_CHARACTERS = 200

// What Windows, or a shell, makes something else of.
const MEANINGFUL = /[<>:"|?*\\/]/g
const DEVICE = /^(?:CON|PRN|AUX|NUL|COM[0-9]|LPT[0-9])(?:\.|$)/i

// What can't be seen: controls, formats, private use, unassigned, separators. The two
// joiners belong to ordinary spelling (Persian, Hindi) and to emoji.
const UNSEEN = /(?![\u200c\u200d])[\p{C}\p{Zl}\p{Zp}]/gu

/** Return `names` if all of them may stand in one manifest, or raise SchemaError. */
export function checkNames(names: readonly string[]): readonly string[] {
  for (const name of names) checkName(name)
  if (new Set(names.map(fold)).size !== names.length) {
    // On half of the world's disks one would overwrite the other.
    throw new SchemaError('two files have the same name, or differ in case alone')
  }
  return names
}

/** Return what two names share if a disk may take them for one. */
export function fold(name: string): string {
  // Lower, then upper: the same in Python, which has case folding where this has none (§3).
  return name.normalize('NFC').toLowerCase().toUpperCase()
}

/**
 * Return a name for each file that can be shown and stored anywhere.
 *
 * The manifest's rules hold for `names`; this goes beyond them: devices of Windows, names
 * that begin like an option or a hidden file, characters nobody sees. Names that become
 * equal by it get a number.
 */
export function safeNames(names: readonly string[]): string[] {
  const taken = new Set<string>()
  return names.map((name) => {
    const safe = safeName(name)
    let candidate = safe
    for (let number = 2; taken.has(fold(candidate)); number += 1) {
      candidate = withEnding(safe, ` (${number})`)
    }
    taken.add(fold(candidate))
    return candidate
  })
}

/** Return a name that can be shown and stored anywhere; two different ones may become equal. */
export function safeName(name: string): string {
  let safe = name.replaceAll(UNSEEN, '_').replaceAll(MEANINGFUL, '_')
  // Until nothing changes: cut to its length, a name may be a device's, or end in dots.
  for (;;) {
    const settled = withEnding(settledName(safe), '')
    if (settled === safe) return safe
    safe = settled
  }
}

function settledName(name: string): string {
  const safe = name.replace(/[. ]+$/, '') // Windows drops these silently
  return /^[.~-]/.test(safe) || DEVICE.test(safe) || safe === '' ? `_${safe}` : safe
}

/** Put `ending` before the extension, and cut the stem until it fits. */
function withEnding(name: string, ending: string): string {
  const dot = name.lastIndexOf('.')
  const hasExtension = dot > 0 && dot < name.length - 1
  const extension = hasExtension ? name.slice(dot) : ''
  const stem = [...(hasExtension ? name.slice(0, dot) : name)]
  while (stem.length > 0) {
    const candidate = `${stem.join('')}${ending}${extension}`
    if (utf8(candidate).length <= MAX_NAME_BYTES) return candidate
    stem.pop()
  }
  // An extension as long as a name is none: whole characters, as many as fit. The ending
  // stays: without it two such names would be made different for ever.
  let kept = ''
  for (const next of name) {
    if (utf8(kept + next + ending).length > MAX_NAME_BYTES) break
    kept += next
  }
  return kept + ending
}

function checkName(name: string): void {
  try {
    checkText(name)
  } catch (failure) {
    if (!(failure instanceof CanonicalError)) throw failure
    throw new SchemaError('a file name with an invisible character, or not in NFC')
  }
  const length = [...name].length
  if (length === 0 || length > MAX_NAME_CHARACTERS || utf8(name).length > MAX_NAME_BYTES) {
    throw new SchemaError('a file name is empty or too long')
  }
  if (/[/\\]|^\.{1,2}$|^ | $/.test(name)) {
    throw new SchemaError('a file name that would not stay in its folder')
  }
}
