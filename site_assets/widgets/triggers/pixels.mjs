/**
 * Triggers made of single pixels; apart from stamping, so that a page that only describes them loads nothing else.
 * @module
 */

/**
 * @typedef {{ kind: "patch", top: number, left: number, height: number, width: number, value: number }} Patch
 * @typedef {{ kind: "pixel", top: number, left: number, value: number }} Pixel
 * @typedef {{ kind: "pattern", top: number, left: number, values: (number | null)[][] }} Pattern
 * @typedef {Patch | Pixel | Pattern} PixelTrigger
 */

/**
 * The grey value of every pixel that a trigger covers, row by row; null where the picture shows through.
 * @param {PixelTrigger} trigger
 * @returns {(number | null)[][]}
 */
export function triggerValues(trigger) {
  if (trigger.kind === "pattern") return trigger.values;
  if (trigger.kind === "pixel") return [[trigger.value]];
  return Array.from({ length: trigger.height }, () => new Array(trigger.width).fill(trigger.value));
}
