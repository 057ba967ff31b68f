/** Reading the vectors that both implementations share (tests/vectors/README.md). */
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Bytes, concatBytes } from '../../lib/bytes.ts'
import { hex } from './hex.ts'

const FOLDER = fileURLToPath(new URL('../../../../tests/vectors/', import.meta.url))
const SUFFIX = '.vector'
const HEADER_LINE = /^([a-z][a-z0-9_]*): (\S|\S.*\S)$/s

/** One fact: what it says, whether it is to be accepted, and the bytes it is about. */
export class Vector {
  readonly name: string
  readonly body: Bytes
  readonly #headers: ReadonlyMap<string, string>

  constructor(name: string, content: Uint8Array) {
    this.name = name
    const end = Buffer.from(content).indexOf('\n\n')
    if (end < 0) throw new Error(`${name}: no empty line ends the header`)
    const lines = new TextDecoder().decode(content.subarray(0, end)).split('\n')
    this.#headers = new Map(lines.map((line) => splitLine(name, line)))
    if (this.#headers.size !== lines.length) throw new Error(`${name}: a header line twice`)
    this.body = concatBytes(content.subarray(end + 2))
    if (!['accept', 'refuse'].includes(this.text('expect'))) throw new Error(`${name}: expect`)
  }

  get what(): string {
    return this.text('what')
  }

  get accepted(): boolean {
    return this.text('expect') === 'accept'
  }

  has(header: string): boolean {
    return this.#headers.has(header)
  }

  text(header: string): string {
    const value = this.#headers.get(header)
    if (value === undefined) throw new Error(`${this.name}: no header ${header}`)
    return value
  }

  integer(header: string): number {
    return Number(this.text(header))
  }

  hex(header: string): Bytes {
    return hex(this.text(header))
  }

  bodyText(): string {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(this.body)
  }

  bodyJson(): unknown {
    return JSON.parse(this.bodyText())
  }

  toString(): string {
    return `${this.name}: ${this.what}`
  }
}

/** Return all vectors of a group, by name. A group without any is a mistake. */
export function readVectors(group: string): Vector[] {
  const files = readdirSync(`${FOLDER}${group}`).filter((name) => name.endsWith(SUFFIX))
  if (files.length === 0) throw new Error(`${group}: no vectors`)
  return files.sort().map((file) => {
    const content = readFileSync(`${FOLDER}${group}/${file}`)
    return new Vector(`${group}/${file.slice(0, -SUFFIX.length)}`, content)
  })
}

/** Return how many vectors of canonical JSON the generator wrote. */
export function canonicalCount(): number {
  return Number(readFileSync(`${FOLDER}canonical.count`, 'ascii'))
}

/** Return `[name: what, vector]` for each vector of a group, for `test.each`. */
export function vectorCases(group: string, expect?: 'accept' | 'refuse'): [string, Vector][] {
  return readVectors(group)
    .filter((vector) => expect === undefined || vector.accepted === (expect === 'accept'))
    .map((vector) => [vector.toString(), vector])
}

function splitLine(name: string, line: string): [string, string] {
  const match = HEADER_LINE.exec(line)
  if (match?.[1] === undefined || match[2] === undefined) {
    throw new Error(`${name}: not a header line`)
  }
  return [match[1], match[2]]
}
