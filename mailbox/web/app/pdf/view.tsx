/** A PDF, one page at a time: plain buttons, no gesture needed. */
import { useEffect, useState } from 'preact/hooks'
import type { OpenedFile } from '../core.ts'
import { useSpeech } from '../language.tsx'
import type { OpenPdf, PdfFault } from './load.ts'
import { PdfPage } from './page.tsx'
import { LARGEST, nextZoom, SMALLEST } from './zoom.ts'

type State =
  | { readonly state: 'loading' }
  | { readonly state: 'open'; readonly pdf: OpenPdf }
  | { readonly state: 'fault'; readonly fault: PdfFault }

const FAULT_TEXTS = {
  empty: 'pdf.empty',
  'not-pdf': 'pdf.notPdf',
  password: 'pdf.password',
  broken: 'pdf.broken',
} as const

export function PdfView({ file, place }: { file: OpenedFile; place: number }) {
  const { say } = useSpeech()
  const [shown, setShown] = useState<State>({ state: 'loading' })
  const [page, setPage] = useState(1)
  const [zoom, setZoom] = useState(100)

  useEffect(() => {
    let gone = false
    let pdf: OpenPdf | null = null
    open(file).then((result) => {
      if (result.state === 'open') pdf = result.pdf
      if (gone) void pdf?.close().catch(ignore)
      else setShown(result)
    }, ignore)
    return () => {
      gone = true
      void pdf?.close().catch(ignore)
    }
  }, [file])

  if (shown.state === 'loading') return <p role="status">{say('pdf.preparing')}</p>
  if (shown.state === 'fault') {
    return (
      <p class="notice notice-warning" role="alert" id={`pdf-fault-${place}`}>
        {say(FAULT_TEXTS[shown.fault])}
      </p>
    )
  }
  const { pdf } = shown
  const turn = (by: number) => setPage((now) => Math.min(Math.max(now + by, 1), pdf.pages))
  return (
    <div class="pdf">
      {pdf.xfa ? (
        <p class="notice notice-warning" role="alert" id={`pdf-fault-${place}`}>
          {say('pdf.xfa')}
        </p>
      ) : null}
      <nav class="pdf-tools" aria-label={say('pdf.toolbar')}>
        {pdf.pages === 1 ? null : (
          <div class="pdf-tool-group">
            <Tool id={`previous-page-${place}`} off={page === 1} onClick={() => turn(-1)}>
              {say('pdf.previous')}
            </Tool>
            <span role="status" id={`page-of-${place}`}>
              {say('pdf.page', { page, pages: pdf.pages })}
            </span>
            <Tool id={`next-page-${place}`} off={page === pdf.pages} onClick={() => turn(1)}>
              {say('pdf.next')}
            </Tool>
          </div>
        )}
        <div class="pdf-tool-group">
          <Tool
            id={`smaller-${place}`}
            off={zoom === SMALLEST}
            onClick={() => setZoom(nextZoom(zoom, -1))}
          >
            {say('pdf.smaller')}
          </Tool>
          <span role="status" id={`zoom-${place}`}>
            {say('pdf.zoom', { percent: zoom })}
          </span>
          <Tool
            id={`larger-${place}`}
            off={zoom === LARGEST}
            onClick={() => setZoom(nextZoom(zoom, 1))}
          >
            {say('pdf.larger')}
          </Tool>
        </div>
      </nav>
      <PdfPage pdf={pdf} number={page} zoom={zoom} name={file.name} />
      {page < pdf.pages ? (
        <div class="actions">
          <Tool id={`next-page-below-${place}`} off={false} onClick={() => turn(1)}>
            {say('pdf.next')}
          </Tool>
        </div>
      ) : null}
    </div>
  )
}

/** Off, a tool keeps the focus: a button that vanishes under the finger loses the keyboard's place. */
function Tool({
  id,
  off,
  onClick,
  children,
}: {
  id: string
  off: boolean
  onClick: () => void
  children: string
}) {
  return (
    <button
      type="button"
      class="secondary"
      id={id}
      aria-disabled={off}
      onClick={() => off || onClick()}
    >
      {children}
    </button>
  )
}

async function open(file: OpenedFile): Promise<State> {
  const { openPdf, PdfError } = await import('./load.ts')
  const { blob } = await file.read()
  try {
    return { state: 'open', pdf: await openPdf(new Uint8Array(await blob.arrayBuffer())) }
  } catch (failure) {
    return { state: 'fault', fault: failure instanceof PdfError ? failure.fault : 'broken' }
  }
}

// Closing what is no longer shown, or failing to fetch the viewer: the download is still there.
function ignore(): void {}
