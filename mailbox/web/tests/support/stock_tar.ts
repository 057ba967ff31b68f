/** The tar that every system has: what an export has to be opened with. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import type { Bytes } from '../../lib/bytes.ts'

export interface Extracted {
  readonly content: Bytes
  /** Unix seconds. */
  readonly changedAt: number
}

/** Return what `tar -xf` makes of `tar`, by path. Raises if it complains of anything. */
export function extract(tar: Uint8Array): Map<string, Extracted> {
  const folder = mkdtempSync(join(tmpdir(), 'export-'))
  try {
    const archive = join(folder, 'archive.tar')
    const into = join(folder, 'out')
    writeFileSync(archive, tar)
    execFileSync('mkdir', [into])
    const said = execFileSync('tar', ['-xf', archive, '-C', into], {
      env: { ...process.env, LC_ALL: 'C.UTF-8' },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    if (said.length > 0) throw new Error(said.toString())
    return new Map(
      readdirSync(into, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name))
        .map((path) => [
          relative(into, path),
          {
            content: new Uint8Array(readFileSync(path)),
            changedAt: Math.floor(statSync(path).mtimeMs / 1_000),
          },
        ]),
    )
  } finally {
    rmSync(folder, { recursive: true })
  }
}
