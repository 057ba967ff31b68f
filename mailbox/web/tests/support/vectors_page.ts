/** docs/vectors.md, which says how many vectors are run: nothing that is not true. */
import { readFileSync } from 'node:fs'

const PAGE = new URL('../../../../docs/vectors.md', import.meta.url)

/** Return the cells of all table rows below a heading of the page, up to the next one. */
export function rowsBelow(heading: string): string[][] {
  const lines = readFileSync(PAGE, 'utf8').split('\n')
  const start = lines.indexOf(heading)
  if (start < 0) throw new Error(`docs/vectors.md has no heading ${heading}`)
  const length = lines.slice(start + 1).findIndex((line) => line.startsWith('#'))
  const end = length < 0 ? lines.length : start + 1 + length
  return lines
    .slice(start, end)
    .filter((line) => line.startsWith('| '))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim().replaceAll('**', '')),
    )
}
