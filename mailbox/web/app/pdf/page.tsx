/** One page of a PDF: its picture, and its text over it. */
import { useEffect, useRef, useState } from 'preact/hooks'
import { useSpeech } from '../language.tsx'
import type { Drawing, OpenPdf } from './load.ts'

type Outcome = 'drawing' | 'drawn' | 'drawn-without-text' | 'broken'

export function PdfPage({
  pdf,
  number,
  zoom,
  name,
}: {
  pdf: OpenPdf
  number: number
  zoom: number
  name: string
}) {
  const { say } = useSpeech()
  const frame = useRef<HTMLDivElement>(null)
  const sheet = useRef<HTMLDivElement>(null)
  const canvas = useRef<HTMLCanvasElement>(null)
  const text = useRef<HTMLDivElement>(null)
  const [outcome, setOutcome] = useState<Outcome>('drawing')
  const width = useWidth(frame)

  useEffect(() => {
    if (width === 0) return
    let gone = false
    let drawing: Drawing | null = null
    const draw = async () => {
      const [{ drawPage }, page] = await Promise.all([import('./load.ts'), pdf.page(number)])
      const places = { canvas: canvas.current, sheet: sheet.current, textPlace: text.current }
      const { canvas: on, sheet: within, textPlace } = places
      if (gone || on === null || within === null || textPlace === null) return
      drawing = drawPage(page, {
        width: (width * zoom) / 100,
        canvas: on,
        sheet: within,
        textPlace,
      })
      const drawn = await drawing.done
      if (!gone) setOutcome(drawn.text ? 'drawn' : 'drawn-without-text')
    }
    setOutcome('drawing')
    draw().catch(() => {
      if (!gone) setOutcome('broken')
    })
    return () => {
      gone = true
      drawing?.cancel()
    }
  }, [pdf, number, zoom, width])

  return (
    <>
      {outcome === 'broken' ? (
        <p class="notice notice-warning" role="alert">
          {say('pdf.pageBroken')}
        </p>
      ) : null}
      <section
        class="pdf-window"
        ref={frame}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard
        tabIndex={0}
        aria-label={say('pdf.region', { name })}
      >
        <div class="pdf-sheet" ref={sheet} data-outcome={outcome}>
          <canvas ref={canvas} />
          <div class="textLayer" ref={text} />
        </div>
      </section>
      {outcome === 'drawn-without-text' ? <p class="hint">{say('pdf.noText')}</p> : null}
    </>
  )
}

/** Return the width inside an element, kept up to date while the window changes. */
function useWidth(element: { readonly current: HTMLElement | null }): number {
  const [width, setWidth] = useState(0)
  useEffect(() => {
    const watched = element.current
    if (watched === null) return
    const observer = new ResizeObserver(() => setWidth(Math.floor(watched.clientWidth)))
    observer.observe(watched)
    return () => observer.disconnect()
  }, [element])
  return width
}
