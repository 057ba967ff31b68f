/** Builds `primitives.ts` into one script, without anything of the page's own build. */
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  build: {
    target: 'es2022',
    lib: {
      entry: 'primitives.ts',
      name: 'built',
      formats: ['iife'],
      fileName: () => 'primitives.js',
    },
    // As it is served: a fault of the minifier would be found here.
    minify: true,
    // libsodium is large, and has to be in the one script.
    chunkSizeWarningLimit: 2_500,
  },
})
