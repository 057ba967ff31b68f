/** Draws the page. */
import { render } from 'preact'

const place = document.getElementById('app')
if (place === null) throw new Error('the page has no element #app')
render(
  <main>
    <h1>Souspli</h1>
  </main>,
  place,
)
