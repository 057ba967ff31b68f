/** pdf.js's worker, in our bundle: it starts itself when it finds that it is in a worker. */
import 'pdfjs-dist/build/pdf.worker.min.mjs'
