/** What the page and the worker that opens contents say to each other. */
import type { Bytes } from '../../lib/bytes.ts'
import type { ReadFile } from '../../lib/exchange/contents_reader.ts'
import {
  ContentsRefusedError,
  ExchangeError,
  ExchangeUsageError,
  LeftError,
  NoRoomError,
  NoStorageError,
  OpenElsewhereError,
} from '../../lib/exchange/errors.ts'
import type { Contents } from '../../lib/exchange/manifest.ts'

/** The calls of `ContentsReader`, and `start` with the question. */
export type Call =
  | {
      readonly call: 'start'
      readonly contents: Contents
      readonly createdAt: number
      /** The seed of the document key. */
      readonly documentKey: Bytes
    }
  | { readonly call: 'begin' }
  | { readonly call: 'openNext'; readonly sealed: Bytes }
  | { readonly call: 'finish' }
  | { readonly call: 'readFile'; readonly fileIndex: number }
  | { readonly call: 'end'; readonly keep: boolean }

/** What a call returns. */
export type Value = number | ReadFile | readonly (Blob | null)[] | null

/** Each call has a number, and the answers to it have the same. */
export type Numbered<Message> = Message & { readonly number: number }

export type Answer =
  | { readonly kind: 'progress'; readonly done: number; readonly total: number }
  | { readonly kind: 'value'; readonly value: Value }
  | { readonly kind: 'failure'; readonly name: string; readonly message: string }

// An error's class does not survive the way between threads; its name does.
const FAILURES: Readonly<Record<string, (message: string) => ExchangeError>> = {
  ContentsRefusedError: (message) => new ContentsRefusedError(message),
  ExchangeUsageError: (message) => new ExchangeUsageError(message),
  LeftError: () => new LeftError({ keep: true }),
  NoRoomError: (message) => new NoRoomError(message),
  NoStorageError: (message) => new NoStorageError(message),
  OpenElsewhereError: (message) => new OpenElsewhereError(message),
}

/** The worker could not be started, or broke down: no memory left, most often. */
export class ContentsWorkerError extends ExchangeError {
  override name = 'ContentsWorkerError'
}

export function failureAnswer(failure: unknown): Extract<Answer, { kind: 'failure' }> {
  // What a browser raises may quote what it was given: only our own texts pass.
  if (!(failure instanceof ExchangeError)) return { kind: 'failure', name: '', message: '' }
  return { kind: 'failure', name: failure.name, message: failure.message }
}

export function failureOf({ name, message }: { name: string; message: string }): ExchangeError {
  return FAILURES[name]?.(message) ?? new ContentsWorkerError('opening failed in the worker')
}
