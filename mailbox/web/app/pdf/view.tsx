/** A PDF, one page at a time: plain buttons, no gesture needed. */
import { useEffect, useState } from 'preact/hooks'
import type { OpenedFile } from '../core.ts'
import { TroubleBox } from '../form/problem.tsx'
import { useSpeech } from '../language.tsx'
import { asTrouble, type Trouble } from '../trouble.ts'
import type { OpenPdf, PdfFault } from './load.ts'
import { PdfPage } from './page.tsx'
import { LARGEST, nextZoom, SMALLEST } from './zoom.ts'

type State =
  | { readonly state: 'loading' }
  | { readonly state: 'open'; readonly pdf: OpenPdf }
  | { readonly state: 'fault'; readonly fault: PdfFault }
  | { readonly state: 'trouble'; readonly trouble: Trouble }

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
  const [attempt, setAttempt] = useState(1)

  // Each attempt opens it anew.
  useEffect(() => {
    let gone = false
    let pdf: OpenPdf | null = null
    setShown({ state: 'loading' })
    void open(file).then((result) => {
      if (result.state === 'open') pdf = result.pdf
      if (gone) void pdf?.close().catch(ignore)
      else setShown(result)
    })
    return () => {
      gone = true
      void pdf?.close().catch(ignore)
    }
  }, [file, attempt])

  if (shown.state === 'loading') return <p role="status">{say('pdf.preparing')}</p>
  if (shown.state === 'trouble') {
    return <TroubleBox trouble={shown.trouble} onRetry={() => setAttempt(attempt + 1)} />
  }
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
  try {
    const { openPdf, PdfError } = await import('./load.ts')
    const { blob } = await file.read()
    const bytes = new Uint8Array(await blob.arrayBuffer())
    try {
      return { state: 'open', pdf: await openPdf(bytes) }
    } catch (failure) {
      return { state: 'fault', fault: failure instanceof PdfError ? failure.fault : 'broken' }
    }
  } catch (failure) {
    // The viewer did not come, or the file can't be read from the disk any more.
    return { state: 'trouble', trouble: asTrouble(failure) }
  }
}

// Closing what is no longer shown.
function ignore(): void {}
