import { defineConfig } from 'vitest/config'

/** Unit tests run in Node; what only a browser has is tested end to end, in real ones. */
export default defineConfig({
  test: {
    environment: 'node',
    include: ['tests/**/*.test.ts', 'tests/**/*.test.tsx'],
    // A file without a test is a mistake, never a success.
    passWithNoTests: false,
    allowOnly: false,
  },
})
