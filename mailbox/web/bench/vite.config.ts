/** Builds the measured page into the folder that SOUSPLI_BENCH_OUT names. */
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'

const { SOUSPLI_BENCH_OUT: outDir = 'dist' } = process.env

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  worker: { format: 'es' },
  build: {
    target: 'es2022',
    outDir,
    emptyOutDir: false,
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 2_500,
  },
})
