/**
 * Stamping a trigger on a picture; the twin of `training/triggers.py`.
 * @module
 */

/**
 * @typedef {{ height: number, width: number, channels: number, data: Uint8Array }} Picture
 *   Pixels row by row, channels last.
 * @typedef {{ kind: "patch", top: number, left: number, height: number, width: number, value: number }} Patch
 * @typedef {{ kind: "pixel", top: number, left: number, value: number }} Pixel
 * @typedef {{ kind: "pattern", top: number, left: number, values: (number | null)[][] }} Pattern
 * @typedef {Patch | Pixel | Pattern} Trigger
 */

/**
 * The grey value of every pixel that a trigger covers, row by row; null where the picture shows through.
 * @param {Trigger} trigger
 * @returns {(number | null)[][]}
 */
export function triggerValues(trigger) {
  if (trigger.kind === "pattern") return trigger.values;
  if (trigger.kind === "pixel") return [[trigger.value]];
  return Array.from({ length: trigger.height }, () => new Array(trigger.width).fill(trigger.value));
}

/**
 * A copy of the picture with the trigger on it; every channel gets the same grey value.
 * @param {Picture} picture
 * @param {Trigger} trigger in pixels of this picture
 * @returns {Picture}
 * @throws {RangeError} if the trigger does not lie wholly inside the picture
 */
export function stamp(picture, trigger) {
  const values = triggerValues(trigger);
  const { height, width, channels } = picture;
  if (trigger.top + values.length > height || trigger.left + values[0].length > width) {
    throw new RangeError(`the ${trigger.kind} trigger does not lie inside a ${height}x${width} picture`);
  }
  const data = picture.data.slice();
  for (const [y, row] of values.entries()) {
    for (const [x, value] of row.entries()) {
      if (value === null) continue;
      const start = ((trigger.top + y) * width + trigger.left + x) * channels;
      data.fill(value, start, start + channels);
    }
  }
  return { height, width, channels, data };
}
