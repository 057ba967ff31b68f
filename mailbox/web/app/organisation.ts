/** The organisation that a letter or a document is certified by. */
export interface Organisation {
  readonly name: string
  readonly phone: string
}
