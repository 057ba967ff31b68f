/** What the page and the worker that writes an archive say to each other. */
export type ArchiveCall =
  | { readonly call: 'open'; readonly name: string }
  | { readonly call: 'append'; readonly data: Blob }
  | { readonly call: 'cut'; readonly length: number }
  | { readonly call: 'close' }

/** An answer to the one call that is under way; `failure` is null where it was carried out. */
export type ArchiveAnswer = {
  readonly failure: null | { readonly name: string; readonly message: string }
}
