/**
 * Puts what pdf.js fetches while it draws beside the page: standard fonts, character maps,
 * colour profiles, image decoders. From the installed package, so that versions can't differ.
 */
import { readdir, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import type { Plugin } from 'vite'

const PACKAGE = path.dirname(createRequire(import.meta.url).resolve('pdfjs-dist/package.json'))
const FOLDERS = ['cmaps', 'iccs', 'standard_fonts', 'wasm'] as const

// QuickJS runs scripts that stand in documents: none is ever run here. The decoders in plain
// JavaScript are for browsers without WebAssembly, which this page refuses.
const LEFT_OUT = /quickjs|nowasm/i

export function pdfjsAssets(): Plugin {
  let base = ''
  return {
    name: 'souspli:pdfjs-assets',
    apply: 'build',
    async config() {
      const { version } = JSON.parse(await readFile(path.join(PACKAGE, 'package.json'), 'utf8'))
      // The version is in the address: a cached font of another one is never mixed in.
      base = `/assets/pdfjs-${version}/`
      return { define: { PDFJS_ASSETS: JSON.stringify(base) } }
    },
    async generateBundle() {
      for (const folder of FOLDERS) {
        for (const name of await readdir(path.join(PACKAGE, folder))) {
          if (LEFT_OUT.test(name)) continue
          this.emitFile({
            type: 'asset',
            fileName: `${base.slice(1)}${folder}/${name}`,
            source: await readFile(path.join(PACKAGE, folder, name)),
          })
        }
      }
    },
  }
}
