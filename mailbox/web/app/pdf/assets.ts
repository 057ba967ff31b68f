/** Where the build puts pdf.js's fonts, character maps, colour profiles and decoders. */

declare const PDFJS_ASSETS: string

/** Return the addresses, absolute: pdf.js's worker would read a relative one from its own folder. */
export function assetAddresses(): {
  readonly standardFontDataUrl: string
  readonly cMapUrl: string
  readonly iccUrl: string
  readonly wasmUrl: string
} {
  const base = new URL(PDFJS_ASSETS, location.origin).href
  return {
    standardFontDataUrl: `${base}standard_fonts/`,
    cMapUrl: `${base}cmaps/`,
    iccUrl: `${base}iccs/`,
    wasmUrl: `${base}wasm/`,
  }
}
