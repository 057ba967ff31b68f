/** What a file is before pdf.js looks at it. */

/** The header may have junk before it: readers look for it in the first kilobyte. */
const HEADER_WITHIN = 1024
const HEADER = '%PDF-'

/** Whether somebody means this file to be a PDF. */
export function isPdf(file: { readonly name: string; readonly mediaType: string }): boolean {
  return file.mediaType === 'application/pdf' || file.name.toLowerCase().endsWith('.pdf')
}

/** Return why the bytes need not even be tried, or null. */
export function judgePdf(bytes: Uint8Array): 'empty' | 'not-pdf' | null {
  if (bytes.length === 0) return 'empty'
  const beginning = new TextDecoder('latin1').decode(bytes.subarray(0, HEADER_WITHIN))
  return beginning.includes(HEADER) ? null : 'not-pdf'
}
