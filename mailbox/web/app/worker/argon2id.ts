/** Argon2id as the page calls it: the same answer as `lib/crypto/argon2id.ts`, in a worker. */
import type { Bytes } from '../../lib/bytes.ts'
import type { Question } from './argon2id.worker.ts'
import { startWorker } from './start.ts'

/** The worker could not be started, or WebAssembly or 64 MiB were not to be had. */
export class Argon2idError extends Error {
  override name = 'Argon2idError'
}

/**
 * Return the 32 bytes of `lib/crypto`'s `argon2id`.
 *
 * The worker is ended with its answer, and the memory in which the password was
 * stretched goes with it.
 */
export async function argon2idInWorker(question: {
  password: Uint8Array
  salt: Uint8Array
}): Promise<Bytes> {
  const worker = startWorker('argon2id')
  try {
    return await new Promise<Bytes>((resolve, reject) => {
      worker.addEventListener('message', ({ data }: MessageEvent<Bytes | null>) => {
        if (data === null) reject(new Argon2idError('Argon2id failed in its worker'))
        else resolve(data)
      })
      worker.addEventListener('error', () => reject(new Argon2idError('the worker did not start')))
      // slice(): a view would be copied together with the whole buffer it looks into.
      const { password, salt } = question
      worker.postMessage({
        password: password.slice(),
        salt: salt.slice(),
      } satisfies { [part in keyof Question]: Uint8Array })
    })
  } finally {
    worker.terminate()
  }
}
