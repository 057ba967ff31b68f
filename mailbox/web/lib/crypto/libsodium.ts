/** libsodium in WebAssembly, fetched on first use. */
import type Sodium from 'libsodium-wrappers-sumo'

let loading: Promise<typeof Sodium> | undefined

/** Return libsodium, ready. Half a megabyte the first time; raises what the engine raises. */
export function libsodium(): Promise<typeof Sodium> {
  loading ??= load()
  return loading
}

async function load(): Promise<typeof Sodium> {
  try {
    const { default: sodium } = await import('libsodium-wrappers-sumo')
    await sodium.ready
    return sodium
  } catch (failure) {
    // The network may be back in a minute: the next call tries again.
    loading = undefined
    throw failure
  }
}
