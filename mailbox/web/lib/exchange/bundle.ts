/**
 * The contents' plaintext: a tar that is a function of the manifest.
 *
 * sealed-document.md §1. Names, sizes, `created_at` and the files' bytes have one right
 * sequence of bytes. A reader makes it again and compares. Nobody parses a tar here, so
 * `..`, links, devices, a second entry of the same name and every other trick of the
 * format are simply a difference.
 */
import type { ByteRange } from '../age/lengths.ts'
import { type Bytes, concatBytes, equalBytes, utf8 } from '../bytes.ts'
import { ContentsRefusedError, ExchangeUsageError } from './errors.ts'

export const MAX_CREATED_AT = 8_589_934_591 // mtime has eleven octal digits: the year 2242

export const BLOCK_BYTES = 512
const MIN_PADDED_BYTES = 65_536 // hides whether a document is a line or a page
const MAX_USTAR_SIZE = 8_589_934_592 // 8 GiB: eleven octal digits end just below it
const USTAR_NAME = /^[\x20-\x7e]{1,100}$/

/** One file as the tar sees it. */
export interface BundledFile {
  readonly name: string
  readonly size: number
}

/** A run of bytes: `fixed` ones, those of a file, or zeros if it is neither. */
interface Piece {
  readonly start: number
  readonly length: number
  readonly fixed?: Bytes
  readonly fileIndex?: number
}

/** Which part of a piece fills which part of a range. */
export interface Run {
  readonly piece: Piece
  /** Where in the piece it begins. */
  readonly inside: number
  /** Where in the range it begins. */
  readonly at: number
  readonly length: number
}

/** Keeps some of a file's bytes. What it is given is not yet to be trusted. */
export type WriteFile = (fileIndex: number, data: Uint8Array) => void

/** Where every byte of the padded tar comes from. Holds no file's bytes. */
export class Bundle {
  readonly tarLength: number
  readonly paddedLength: number
  readonly #pieces: readonly Piece[]

  /** `files` are in the manifest's order and, like `createdAt`, have passed its rules. */
  constructor(files: readonly BundledFile[], { createdAt }: { createdAt: number }) {
    const pieces: Piece[] = []
    let end = 0
    const add = (piece: Omit<Piece, 'start'>) => {
      // Empty pieces would share their start with the next one.
      if (piece.length > 0) pieces.push({ ...piece, start: end })
      end += piece.length
    }
    for (const [fileIndex, file] of files.entries()) {
      const headers = fileHeaders(file, { number: fileIndex + 1, createdAt })
      add({ length: headers.length, fixed: headers })
      add({ length: file.size, fileIndex })
      add({ length: restOfBlock(file.size) })
    }
    add({ length: 2 * BLOCK_BYTES })
    this.tarLength = end
    this.paddedLength = paddedLength(end)
    add({ length: this.paddedLength - end })
    this.#pieces = pieces
  }

  /**
   * Check that `data` is what stands from `start` on; `write` takes the files' bytes, in
   * order.
   *
   * Raises ContentsRefusedError at the first difference. What `write` was given may still
   * be wrong: a later part, or the tree hash, may differ.
   */
  compare(start: number, data: Uint8Array, write: WriteFile): void {
    for (const { piece, inside, at, length } of this.runs(start, data.length)) {
      const part = data.subarray(at, at + length)
      if (piece.fileIndex !== undefined) write(piece.fileIndex, part)
      else if (!isExpected(part, piece.fixed?.subarray(inside, inside + length))) {
        throw new ContentsRefusedError('the contents are not the files that their manifest names')
      }
    }
  }

  /** Return where the file's bytes stand; an empty one stands nowhere. */
  fileRange(fileIndex: number): ByteRange {
    const piece = this.#pieces.find((candidate) => candidate.fileIndex === fileIndex)
    return piece === undefined
      ? { start: 0, end: 0 }
      : { start: piece.start, end: piece.start + piece.length }
  }

  /** Return what `length` bytes from `start` on are made of. */
  runs(start: number, length: number): Run[] {
    const end = start + length
    if (start < 0 || end > this.paddedLength) {
      throw new ExchangeUsageError('this range is not in the bundle')
    }
    return (
      this.#pieces
        .filter((piece) => piece.start < end && piece.start + piece.length > start)
        .map((piece) => {
          const from = Math.max(piece.start, start)
          const to = Math.min(piece.start + piece.length, end)
          return { piece, inside: from - piece.start, at: from - start, length: to - from }
        })
        // A range of no bytes lies inside a piece, and takes nothing of it.
        .filter((run) => run.length > 0)
    )
  }
}

/** Return how long the padded tar is: at least 64 KiB, at most 12 % more than the tar. */
export function paddedLength(tarLength: number): number {
  return Math.max(MIN_PADDED_BYTES, padme(tarLength))
}

/**
 * Return the Padmé length: `length` rounded up so that few bits tell it apart.
 *
 * For lengths of 2 and more; Nikitin et al., "Reducing Metadata Leakage from Encrypted
 * Files and Communication with PURBs", PETS 2019.
 */
export function padme(length: number): number {
  // No bitwise operators: they end at 32 bits. Math.log2 rounds; digits don't.
  const exponent = length.toString(2).length - 1
  const unit = 2 ** (exponent - exponent.toString(2).length)
  return Math.ceil(length / unit) * unit
}

/** Return the header blocks that stand before a file's bytes; `number` counts from 1. */
export function fileHeaders(
  file: BundledFile,
  { number, createdAt }: { number: number; createdAt: number },
): Bytes {
  const records = paxRecords(file)
  if (records.length === 0) return ustarBlock(file.name, file.size, { createdAt, type: '0' })
  const size = file.size < MAX_USTAR_SIZE ? file.size : 0
  return concatBytes(
    ustarBlock(`PaxHeaders/${number}`, records.length, { createdAt, type: 'x' }),
    records,
    new Uint8Array(restOfBlock(records.length)),
    ustarBlock(`file-${number}`, size, { createdAt, type: '0' }),
  )
}

/** Return how many zeros fill the last block of `length` bytes. */
export function restOfBlock(length: number): number {
  return (BLOCK_BYTES - (length % BLOCK_BYTES)) % BLOCK_BYTES
}

function paxRecords({ name, size }: BundledFile): Bytes {
  const isLarge = size >= MAX_USTAR_SIZE
  if (USTAR_NAME.test(name) && !isLarge) return new Uint8Array(0)
  const path = paxRecord('path', name)
  return isLarge ? concatBytes(path, paxRecord('size', String(size))) : path
}

/** `<length> <key>=<value>\n`, where the length counts its own digits as well. */
function paxRecord(key: string, value: string): Bytes {
  const rest = utf8(` ${key}=${value}\n`)
  let length = rest.length + String(rest.length).length
  if (String(length).length > String(rest.length).length) length += 1
  return concatBytes(utf8(String(length)), rest)
}

function ustarBlock(
  name: string,
  size: number,
  { createdAt, type }: { createdAt: number; type: '0' | 'x' },
): Bytes {
  const block = new Uint8Array(BLOCK_BYTES)
  const put = (at: number, text: string) => block.set(utf8(text), at)
  put(0, name)
  put(100, '0000644\0')
  put(108, '0000000\0') // uid: nobody's
  put(116, '0000000\0') // gid
  put(124, `${octal(size, 11)}\0`)
  put(136, `${octal(createdAt, 11)}\0`)
  put(148, ' '.repeat(8)) // the checksum counts itself as spaces
  put(156, type)
  put(257, 'ustar\x0000')
  put(329, '0000000\0')
  put(337, '0000000\0')
  const sum = block.reduce((total, octet) => total + octet, 0)
  put(148, `${octal(sum, 6)}\0 `)
  return block
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, '0')
}

function isExpected(part: Uint8Array, fixed: Uint8Array | undefined): boolean {
  return fixed === undefined ? isZero(part) : equalBytes(part, fixed)
}

// A loop: `every` calls a function for each of what may be millions of octets.
function isZero(part: Uint8Array): boolean {
  let sum = 0
  for (let index = 0; index < part.length; index += 1) sum |= part[index] ?? 0
  return sum === 0
}
