/** Starts the page. The letter's code comes off the address bar before anything else happens. */
import { render } from 'preact'
import { App } from './app.tsx'
import { libCore } from './core_lib.ts'
import { beginVisit } from './files/visit.ts'
import { takeFragment } from './fragment.ts'
import { Frame } from './frame.tsx'
import { Speaking } from './language.tsx'
import { HOSTS } from './origin.ts'
import { Refused } from './screens/refused.tsx'
import { refusal, surroundings } from './surroundings.ts'

const first = takeFragment()
let letters = 0
const core = libCore()
const why = refusal(surroundings(), HOSTS)
const place = document.getElementById('app')
if (place === null) throw new Error('the page has no element #app')
draw(place, first)
// A browser without private files has kept none.
beginVisit().catch(() => undefined)

// A letter scanned, or its address pasted, while the page is open: the browser changes the
// fragment only, and loads nothing.
window.addEventListener('hashchange', () => {
  const scanned = takeFragment()
  if (scanned === null) return
  letters += 1
  draw(place, scanned)
})

function draw(on: Element, scanned: ReturnType<typeof takeFragment>): void {
  render(
    <Speaking>
      {why === null ? (
        <App key={letters} core={core} scanned={scanned} />
      ) : (
        <Frame>
          <Refused why={why} />
        </Frame>
      )}
    </Speaking>,
    on,
  )
}
