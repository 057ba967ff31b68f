/**
 * The service's name and the hosts that serve the page, built into it.
 *
 * From the environment of the build: `SOUSPLI_ORIGIN`, one name; `SOUSPLI_HOSTS`, names
 * separated by commas. They also stand in `origin.json` beside the page, so that the
 * service can refuse to serve a page that was built for another name.
 */
import type { Plugin } from 'vite'

const DEFAULT_ORIGIN = 'souspli.localhost'
const DEFAULT_HOSTS = '127.0.0.1,localhost'

/** A lower-case DNS name without port (docs/specs/encoding.md, section 5), or an IPv4 address. */
const HOST = /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,62})(?:\.[a-z0-9](?:[a-z0-9-]{0,62}))*$/

/** Return origin and hosts; raises if the environment names something else than that. */
export function builtIn(environment: {
  readonly SOUSPLI_ORIGIN?: string
  readonly SOUSPLI_HOSTS?: string
}): {
  readonly origin: string
  readonly hosts: readonly string[]
} {
  const origin = environment.SOUSPLI_ORIGIN ?? DEFAULT_ORIGIN
  const hosts = (environment.SOUSPLI_HOSTS ?? DEFAULT_HOSTS).split(',').map((host) => host.trim())
  for (const name of [origin, ...hosts]) {
    if (!HOST.test(name)) throw new Error(`not a lower-case host name without port: "${name}"`)
  }
  return { origin, hosts }
}

/** Builds origin and hosts into the page. */
export function originGuard(): Plugin {
  const values = builtIn(process.env)
  return {
    name: 'souspli:origin',
    config: () => ({
      define: {
        SOUSPLI_ORIGIN: JSON.stringify(values.origin),
        SOUSPLI_HOSTS: JSON.stringify(values.hosts),
      },
    }),
    generateBundle() {
      this.emitFile({
        type: 'asset',
        fileName: 'origin.json',
        source: `${JSON.stringify(values)}\n`,
      })
    },
  }
}
