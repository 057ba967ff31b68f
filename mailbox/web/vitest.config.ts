import { defineConfig } from 'vitest/config'

/** Unit tests run in Node; what only a browser has is tested end to end, in real ones. */
export default defineConfig({
  test: {
    environment: 'node',
    include: ['tests/**/*.test.ts', 'tests/**/*.test.tsx'],
    // A file without a test is a mistake, never a success.
    passWithNoTests: false,
    allowOnly: false,
    // Long enough for ML-DSA and 16 MiB through the JavaScript cipher on a busy machine: no
    // test is about time.
    testTimeout: 60_000,
    // Node calls its native ChaCha20-Poly1305 and ML-DSA experimental, once per process.
    // That they may change is why every test runs with the other back-ends too.
    execArgv: ['--disable-warning=ExperimentalWarning'],
  },
})
