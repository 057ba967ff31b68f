/**
 * The product reads one type of stanza, docs/specs/age.md §2. What reads the others is in
 * this library to be tested, and no line of the page may reach it.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const WEB = fileURLToPath(new URL('../../', import.meta.url))
const READER = 'lib/age/any_file.ts'
const READER_ONLY = [READER, 'lib/age/armor.ts', 'lib/age/scrypt.ts', 'lib/age/x25519.ts']

// Static, dynamic and for types alone; and a worker's address, with its query.
const IMPORT = /\b(?:from|import)\s*\(?\s*['"](\.{1,2}\/[^'"?]+)/g
const WORKER_ADDRESS = /\bnew\s+URL\(\s*['"]([^'"?]+)/g

const SOURCES = ['app', 'lib'].flatMap((folder) =>
  readdirSync(join(WEB, folder), { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => /\.tsx?$/.test(path)),
)

function importsOf(path: string): string[] {
  const source = readFileSync(join(WEB, path), 'utf8')
  return [...source.matchAll(IMPORT), ...source.matchAll(WORKER_ADDRESS)].map(([, target = '']) =>
    join(dirname(path), target),
  )
}

test('nothing in the page or its library imports what only reads other age files', () => {
  const importers = SOURCES.filter((path) =>
    importsOf(path).some((target) => READER_ONLY.includes(target)),
  )
  expect(importers).toEqual([READER])
})

test('this test sees the imports that there are', () => {
  expect(SOURCES).toEqual(expect.arrayContaining(READER_ONLY))
  expect(importsOf('lib/age/x25519.ts')).toContain('lib/age/unwrap.ts')
  expect(importsOf('lib/exchange/sealed.ts')).toContain('lib/age/file.ts')
  expect(importsOf('app/core_lib.ts')).toContain('lib/mailbox/client.ts')
})
