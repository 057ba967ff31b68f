/**
 * A sealed file as text: PEM around its bytes. Reading only, strictly.
 *
 * The product neither writes nor reads this form, and never imports this module; it is
 * here so that all of age's vectors can be run. https://c2sp.org/age (ASCII armor),
 * RFC 7468 section 3 (Figure 3, the strict form).
 */
import { Base64Error, decodeBase64 } from '../base64.ts'
import type { Bytes } from '../bytes.ts'
import { ArmorError } from './errors.ts'

const BEGIN = '-----BEGIN AGE ENCRYPTED FILE-----'
const END = '-----END AGE ENCRYPTED FILE-----'
const COLUMNS = 64

/** All that may stand around the block: a mail program or an editor puts it there. */
const WHITE_SPACE = ' \t\r\n'

/**
 * Return the age file that `armored` holds.
 *
 * Lines end with LF or CRLF, and white space may stand before and after the block.
 * Raises ArmorError for anything else that is not the one strict spelling: headers,
 * other text around it, a line that is too long, too short or empty, base64 that is not
 * canonical. Were two spellings accepted, whoever keeps a file could change it unseen.
 *
 * The bytes are not looked at: an empty block gives none, which are no age file.
 */
export function decodeArmor(armored: Uint8Array): Bytes {
  // One character for each octet; those above ASCII are refused with the base64.
  const lines = trimmed(new TextDecoder('latin1').decode(armored)).split(/\r?\n/)
  if (lines.shift() !== BEGIN || lines.pop() !== END) {
    throw new ArmorError('an armored file is one block from its BEGIN line to its END line')
  }
  const last = lines.at(-1)
  const areFull = lines.slice(0, -1).every((line) => line.length === COLUMNS)
  if (!areFull || last === '' || (last !== undefined && last.length > COLUMNS)) {
    throw new ArmorError(`a line of armor has ${COLUMNS} columns, the last 1 to ${COLUMNS}`)
  }
  try {
    return decodeBase64(lines.join(''))
  } catch (failure) {
    if (!(failure instanceof Base64Error)) throw failure
    throw new ArmorError('not canonical padded base64')
  }
}

// A loop: an expression for the end of a text tries every run of spaces inside it.
function trimmed(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && WHITE_SPACE.includes(text.charAt(start))) start += 1
  while (end > start && WHITE_SPACE.includes(text.charAt(end - 1))) end -= 1
  return text.slice(start, end)
}
