/**
 * Opens a PDF with pdf.js: scripting off, forms of the XFA kind off, every asset from our
 * own address. The only file that imports pdf.js; fetched when the first PDF is read.
 */

import type { PDFDocumentProxy, PDFPageProxy, RenderTask } from 'pdfjs-dist'
import { getDocument, PasswordException, PDFWorker, TextLayer, VerbosityLevel } from 'pdfjs-dist'
import { startWorker } from '../worker/start.ts'
import { assetAddresses } from './assets.ts'
import { judgePdf } from './kind.ts'

export type PdfFault = 'empty' | 'not-pdf' | 'password' | 'broken'

/** The file can't be shown; `fault` says why. */
export class PdfError extends Error {
  override name = 'PdfError'
  readonly fault: PdfFault
  constructor(fault: PdfFault, cause?: unknown) {
    super(fault, { cause })
    this.fault = fault
  }
}

/** A PDF that pdf.js could open. Call `close` when it is no longer shown. */
export interface OpenPdf {
  readonly pages: number
  /** It has an XFA form: what is drawn may be less than what the file shows elsewhere. */
  readonly xfa: boolean
  page(number: number): Promise<PDFPageProxy>
  close(): Promise<void>
}

/**
 * Open a PDF. Raises {@link PdfError}, whatever pdf.js may raise.
 *
 * `bytes` are given away: pdf.js moves them into its worker.
 */
export async function openPdf(bytes: Uint8Array): Promise<OpenPdf> {
  const fault = judgePdf(bytes)
  if (fault !== null) throw new PdfError(fault)
  // A worker of its own for each file: what a hostile one does to it ends with it. With
  // `workerSrc` pdf.js would silently draw in the page's thread when the CSP stops it.
  const port = startWorker('pdf')
  const worker = new PDFWorker({
    // Its declared type says null only; its documentation and its code take a Worker.
    port: port as unknown as null,
    verbosity: VerbosityLevel.ERRORS,
  })
  try {
    const pdf = await getDocument({
      data: bytes,
      worker,
      verbosity: VerbosityLevel.ERRORS,
      ...assetAddresses(),
      enableXfa: false,
      // Fonts come from the file or from us: a missing one must not be looked up by name
      // on the person's machine, which would show something else on each.
      useSystemFonts: false,
      // Page images above this are not drawn: a bomb of a few kilobytes unpacks to gigabytes.
      maxImageSize: MOST_IMAGE_PIXELS,
    }).promise
    return new LoadedPdf({ pdf, worker, port, xfa: await hasXfa(pdf) })
  } catch (failure) {
    worker.destroy()
    port.terminate()
    throw new PdfError(failure instanceof PasswordException ? 'password' : 'broken', failure)
  }
}

/** An A3 sheet scanned at 600 dpi is 70 million. */
const MOST_IMAGE_PIXELS = 100_000_000

async function hasXfa(pdf: PDFDocumentProxy): Promise<boolean> {
  const { info } = await pdf.getMetadata()
  return 'IsXFAPresent' in info && info.IsXFAPresent === true
}

class LoadedPdf implements OpenPdf {
  readonly pages: number
  readonly xfa: boolean
  readonly #pdf: PDFDocumentProxy
  readonly #worker: PDFWorker
  readonly #port: Worker

  constructor({
    pdf,
    worker,
    port,
    xfa,
  }: { pdf: PDFDocumentProxy; worker: PDFWorker; port: Worker; xfa: boolean }) {
    this.pages = pdf.numPages
    this.xfa = xfa
    this.#pdf = pdf
    this.#worker = worker
    this.#port = port
  }

  page(number: number): Promise<PDFPageProxy> {
    return this.#pdf.getPage(number)
  }

  async close(): Promise<void> {
    try {
      await this.#pdf.loadingTask.destroy()
    } finally {
      this.#worker.destroy()
      this.#port.terminate()
    }
  }
}

/** Safari on a phone draws nothing on a larger canvas. */
const MOST_CANVAS_PIXELS = 16_777_216

/** A page being drawn. */
export interface Drawing {
  /** Resolves when canvas and text layer are complete; says whether the page has text. */
  readonly done: Promise<{ readonly text: boolean }>
  cancel(): void
}

/**
 * Draw a page `width` CSS pixels wide: its picture on the canvas, its text in `textPlace`,
 * invisible and in the right place, so that it can be selected and read aloud.
 */
export function drawPage(
  page: PDFPageProxy,
  {
    width,
    canvas,
    sheet,
    textPlace,
  }: { width: number; canvas: HTMLCanvasElement; sheet: HTMLElement; textPlace: HTMLElement },
): Drawing {
  const natural = page.getViewport({ scale: 1 })
  const viewport = page.getViewport({ scale: width / natural.width })
  const wanted = window.devicePixelRatio
  const most = Math.sqrt(MOST_CANVAS_PIXELS / (viewport.width * viewport.height))
  const density = Math.min(wanted, most)
  canvas.width = Math.floor(viewport.width * density)
  canvas.height = Math.floor(viewport.height * density)
  sheet.style.width = `${viewport.width}px`
  sheet.style.height = `${viewport.height}px`
  // The name that pdf.js's text layer reads the scale from.
  sheet.style.setProperty('--total-scale-factor', String(viewport.scale))
  textPlace.replaceChildren()
  const picture: RenderTask = page.render({
    canvas,
    viewport,
    transform: [density, 0, 0, density, 0, 0],
  })
  const text = new TextLayer({
    textContentSource: page.streamTextContent(),
    container: textPlace,
    viewport,
  })
  const done = Promise.all([picture.promise, text.render()]).then(() => ({
    text: text.textContentItemsStr.some((run) => run.trim() !== ''),
  }))
  return {
    done,
    cancel: () => {
      picture.cancel()
      text.cancel()
    },
  }
}
