/** Argon2id away from the page's thread: one question, one answer, then the worker ends. */
import type { Bytes } from '../../lib/bytes.ts'
import { argon2id } from '../../lib/crypto/argon2id.ts'

export interface Question {
  readonly password: Bytes
  readonly salt: Bytes
}

self.addEventListener('message', ({ data }: MessageEvent<Question>) => {
  argon2id(data).then(
    (key) => self.postMessage(key),
    () => self.postMessage(null),
  )
})
