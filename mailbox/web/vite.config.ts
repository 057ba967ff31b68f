/**
 * Builds the browser client into the Python package that serves it.
 *
 * The output holds under design 07's Content-Security-Policy: no inline script
 * or style, no `data:` asset, no injected polyfill. A worker is made with the
 * address that `import address from './x.ts?worker&url'` gives, through the one
 * Trusted Types policy (`souspli-worker`).
 */
import { createHash } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { defineConfig, type Plugin } from 'vite'
import { originGuard } from './build_origin.ts'
import { pdfjsAssets } from './build_pdfjs.ts'

/** A `<script src>` or `<link href>` of ours in the built page: everything before `>` and the path. */
const OWN_TAG = /<(?:script|link)\b[^>]*?\b(?:src|href)="\/(assets\/[^"]+)"[^>]*?(?=>)/g

/**
 * Adds `integrity` to every script, module preload and style sheet of the page.
 *
 * A file altered on its way, or by a cache in front of the service, does not
 * run. The build fails if the page names a file that was not built, or if
 * nothing at all was found to protect. Modules imported later by `import()` and
 * workers can't carry the attribute: an import map would have to be inline,
 * which the CSP forbids.
 */
function subresourceIntegrity(): Plugin {
  return {
    name: 'souspli:subresource-integrity',
    apply: 'build',
    generateBundle: {
      // After every other plugin: the digest is over the bytes that are served.
      order: 'post',
      handler(_options, bundle) {
        const page = bundle['index.html']
        if (page?.type !== 'asset') throw new Error('index.html was not built')
        let found = 0
        page.source = page.source.toString().replace(OWN_TAG, (tag, path: string) => {
          const file = bundle[path]
          if (file === undefined) throw new Error(`index.html names ${path}, which was not built`)
          const bytes = file.type === 'chunk' ? file.code : file.source
          const digest = createHash('sha384').update(bytes).digest('base64')
          found += 1
          return `${tag} integrity="sha384-${digest}"`
        })
        if (found === 0) throw new Error('index.html names no script or style sheet to protect')
      },
    },
  }
}

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  plugins: [originGuard(), pdfjsAssets(), subresourceIntegrity()],
  worker: { format: 'es' },
  build: {
    target: 'es2022',
    outDir: fileURLToPath(new URL('../souspli_mailbox/webclient', import.meta.url)),
    // It lies outside the root: without this, Vite leaves yesterday's files in it.
    emptyOutDir: true,
    // The polyfill would be an inline script; every engine of the last years has the real thing.
    modulePreload: { polyfill: false },
    // Inlined assets are `data:` addresses, which the CSP refuses.
    assetsInlineLimit: 0,
    // In kilobytes. libsodium, pdf.js and the password dictionaries are large and are
    // fetched only when they are needed; anything larger than those is a mistake.
    chunkSizeWarningLimit: 2_500,
  },
})
