/**
 * The textual header of an age file: parsed strictly, written canonically.
 *
 * Knows stanzas of any type and the shape of the MAC, and no key: what a stanza
 * means is for `hybrid` and others, whether the MAC is right is for whoever holds
 * the file key (`filekey`).
 */
import { type Bytes, concatBytes, utf8 } from '../bytes.ts'
import { AgeUsageError, HeaderError, HeaderIncompleteError } from './errors.ts'
import { decodeRawBase64, encodeRawBase64 } from './rawbase64.ts'

export const VERSION_LINE = utf8('age-encryption.org/v1\n')

export const MAC_BYTES = 32 // HMAC-SHA-256

/**
 * age sets no limit. All of a header is read and kept before anything in it can be
 * authenticated, so there has to be one: this has room for 640 post-quantum
 * recipients. What the product reads is far shorter (`sealed_header`).
 */
export const MAX_HEADER_BYTES = 1_048_576

const STANZA_START = '-> '
const END_START = '---'
const BODY_COLUMNS = 64
const LINE_FEED = 0x0a
const ARGUMENT = /^[\x21-\x7e]+$/

/** The file key, wrapped for one recipient in a way that `recipientType` names. */
export interface Stanza {
  /** age's first argument, such as `mlkem768x25519`. */
  readonly recipientType: string
  /** The arguments after the first; visible ASCII, none of them empty. */
  readonly arguments: readonly string[]
  readonly body: Bytes
}

/** A well-formed header. Its MAC has not been checked: that takes the file key. */
export interface Header {
  readonly stanzas: readonly Stanza[]
  readonly mac: Bytes
  /** The very bytes that the MAC covers: up to and including `---`. */
  readonly authenticated: Bytes
}

/**
 * Return what the MAC of a header of these stanzas is computed over.
 *
 * Raises AgeUsageError if there is no stanza, or an argument is not visible ASCII.
 */
export function authenticatedPart(stanzas: readonly Stanza[]): Bytes {
  if (stanzas.length === 0) throw new AgeUsageError('a header has at least one stanza')
  return concatBytes(VERSION_LINE, utf8(stanzas.map(encodeStanza).join('') + END_START))
}

/** Return the bytes of a whole header, its last line feed included. */
export function encodeHeader({ authenticated, mac }: Pick<Header, 'authenticated' | 'mac'>): Bytes {
  return concatBytes(authenticated, utf8(` ${encodeRawBase64(mac)}\n`))
}

/**
 * Return the header that `data` begins with, and how many bytes it takes.
 *
 * `data` may stop anywhere after the header or go on; at most MAX_HEADER_BYTES of
 * it are looked at. Raises HeaderIncompleteError if everything so far is right and
 * the end is missing, HeaderError for anything that https://c2sp.org/age (Header)
 * does not allow.
 */
export function parseHeader(data: Uint8Array): { header: Header; length: number } {
  const lines = new Lines(data)
  lines.takeVersion()
  const stanzas: Stanza[] = []
  let endStart = lines.position
  let line = lines.take()
  while (line.startsWith(STANZA_START)) {
    stanzas.push(parseStanza(line, lines))
    endStart = lines.position
    line = lines.take()
  }
  if (stanzas.length === 0) throw new HeaderError('a header has at least one stanza')
  if (!line.startsWith(`${END_START} `)) {
    throw new HeaderError("neither a stanza nor the header's last line")
  }
  const mac = decodeRawBase64(line.slice(END_START.length + 1))
  if (mac.length !== MAC_BYTES) {
    throw new HeaderError(`the header's MAC is ${mac.length} bytes long, not ${MAC_BYTES}`)
  }
  const authenticated = concatBytes(data.subarray(0, endStart + END_START.length))
  return { header: { stanzas, mac, authenticated }, length: lines.position }
}

/** Hands out the lines of a buffer that may stop before the header does. */
class Lines {
  readonly #data: Uint8Array
  readonly #isCapped: boolean
  position = 0

  constructor(data: Uint8Array) {
    this.#data = data.subarray(0, MAX_HEADER_BYTES)
    this.#isCapped = data.length > MAX_HEADER_BYTES
  }

  takeVersion(): void {
    // Compared before a line feed is looked for: another kind of file is told from
    // its first bytes, not after a megabyte of waiting for more.
    const start = this.#data.subarray(0, VERSION_LINE.length)
    if (!start.every((octet, index) => octet === VERSION_LINE[index])) {
      throw new HeaderError('not an age v1 file')
    }
    if (start.length < VERSION_LINE.length) {
      throw new HeaderIncompleteError('the header stops inside its first line')
    }
    this.position = VERSION_LINE.length
  }

  /** Return the next line without its line feed, one character for each octet. */
  take(): string {
    const end = this.#data.indexOf(LINE_FEED, this.position)
    if (end < 0 && this.#isCapped) {
      throw new HeaderError(`the header is longer than ${MAX_HEADER_BYTES} bytes`)
    }
    if (end < 0) throw new HeaderIncompleteError('the header has no end')
    let line = ''
    for (const octet of this.#data.subarray(this.position, end)) line += String.fromCharCode(octet)
    this.position = end + 1
    return line
  }
}

function parseStanza(line: string, lines: Lines): Stanza {
  const [recipientType = '', ...rest] = line.slice(STANZA_START.length).split(' ')
  if (![recipientType, ...rest].every((argument) => ARGUMENT.test(argument))) {
    throw new HeaderError("a stanza's arguments are visible ASCII with one space between")
  }
  const body: Bytes[] = []
  let columns: number
  do {
    const text = lines.take()
    columns = text.length
    if (columns > BODY_COLUMNS) {
      throw new HeaderError(`a stanza's body has a line longer than ${BODY_COLUMNS} columns`)
    }
    body.push(decodeRawBase64(text))
  } while (columns === BODY_COLUMNS)
  return { recipientType, arguments: rest, body: concatBytes(...body) }
}

function encodeStanza(stanza: Stanza): string {
  const words = [stanza.recipientType, ...stanza.arguments]
  if (!words.every((word) => ARGUMENT.test(word))) {
    throw new AgeUsageError("a stanza's arguments are visible ASCII and not empty")
  }
  const body = encodeRawBase64(stanza.body)
  let wrapped = ''
  // The last line is shorter than the others, so it is empty after a full one.
  for (let start = 0; start <= body.length; start += BODY_COLUMNS) {
    wrapped += `${body.slice(start, start + BODY_COLUMNS)}\n`
  }
  return `${STANZA_START}${words.join(' ')}\n${wrapped}`
}
