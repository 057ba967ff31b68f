/** Sizes of a page, in percent of the width there is. */

const STEPS = [100, 125, 150, 200, 300, 400] as const
export const SMALLEST = STEPS[0]
export const LARGEST = STEPS[STEPS.length - 1] ?? SMALLEST

/** Return the next size up or down, or the same at the end. */
export function nextZoom(zoom: number, direction: 1 | -1): number {
  const place = STEPS.findIndex((step) => step >= zoom)
  return STEPS[Math.min(Math.max(place + direction, 0), STEPS.length - 1)] ?? zoom
}
