/** Modules that have no types of their own. */

// Imported for what it does: it starts itself inside a worker.
declare module 'pdfjs-dist/build/pdf.worker.min.mjs'
