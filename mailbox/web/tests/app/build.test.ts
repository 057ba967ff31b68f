/** The name and hosts that are built into the page. */
import { expect, test } from 'vitest'
import { builtIn } from '../../build_origin.ts'

test('without an environment the page is the demonstration’s', () => {
  expect(builtIn({})).toEqual({ origin: 'souspli.localhost', hosts: ['127.0.0.1', 'localhost'] })
})

test('the environment names an origin and its hosts', () => {
  expect(
    builtIn({ SOUSPLI_ORIGIN: 'courrier.exemple.fr', SOUSPLI_HOSTS: 'a.exemple.fr, b.exemple.fr' }),
  ).toEqual({ origin: 'courrier.exemple.fr', hosts: ['a.exemple.fr', 'b.exemple.fr'] })
})

test.each(['', 'Exemple.fr', 'exemple.fr:8443', 'https://exemple.fr', 'a..b', '-a.fr'])(
  'an origin %j stops the build',
  (origin) => {
    expect(() => builtIn({ SOUSPLI_ORIGIN: origin })).toThrow('host name')
  },
)
