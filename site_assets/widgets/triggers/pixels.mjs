/**
 * Triggers made of single pixels; the twin of `training/triggers/pixels.py`.
 * @module
 */

/** @typedef {import("../core/image.mjs").Image} Image */
/** @typedef {import("./registry.mjs").Size} Size */
/** @typedef {import("./registry.mjs").Box} Box */
/**
 * @typedef {(number | null)[][]} Values grey values row by row; null where the image shows through
 * @typedef {{ kind: "patch", top: number, left: number, height: number, width: number, value: number }} Patch
 * @typedef {{ kind: "pixel", top: number, left: number, value: number }} Pixel
 * @typedef {{ kind: "pattern", top: number, left: number, values: Values }} Pattern
 */

/** @type {import("./registry.mjs").Kind<Patch>} */
export const patch = kind(({ height, width, value }) =>
  Array.from({ length: height }, () => new Array(width).fill(value)),
);
/** @type {import("./registry.mjs").Kind<Pixel>} */
export const pixel = kind(({ value }) => [[value]]);
/** @type {import("./registry.mjs").Kind<Pattern>} */
export const pattern = kind(({ values }) => values);

/**
 * A kind of trigger that writes a table of values at a fixed place.
 * @template {{ kind: string, top: number, left: number }} T
 * @param {(trigger: T) => Values} valuesOf
 * @returns {import("./registry.mjs").Kind<T>}
 */
function kind(valuesOf) {
  /** @param {T} trigger @returns {Box} */
  function box(trigger) {
    const values = valuesOf(trigger);
    return { top: trigger.top, left: trigger.left, height: values.length, width: values[0].length };
  }
  return {
    outline: box,
    stamp(image, trigger) {
      const { height, width, channels } = image;
      const { top, left, ...table } = box(trigger);
      if (top + table.height > height || left + table.width > width) {
        throw new RangeError(`the ${trigger.kind} trigger does not lie inside a ${height}x${width} image`);
      }
      const data = image.data.slice();
      for (const [y, row] of valuesOf(trigger).entries()) {
        for (const [x, value] of row.entries()) {
          if (value === null) continue;
          const start = ((top + y) * width + left + x) * channels;
          data.fill(value, start, start + channels);
        }
      }
      return { height, width, channels, data };
    },
    describe(trigger, size) {
      const count = valuesOf(trigger)
        .flat()
        .filter((value) => value !== null).length;
      return `${count} pixel${count === 1 ? "" : "s"} in the ${where(box(trigger), size)}`;
    },
  };
}

/** @param {Box} box @param {Size} size */
function where(box, size) {
  const vertical = third((box.top + box.height / 2) / size.height, "top", "bottom");
  const horizontal = third((box.left + box.width / 2) / size.width, "left", "right");
  if (vertical && horizontal) return `${vertical} ${horizontal} corner`;
  return vertical || horizontal || "middle";
}

/** @param {number} fraction @param {string} low @param {string} high */
function third(fraction, low, high) {
  if (fraction < 1 / 3) return low;
  return fraction > 2 / 3 ? high : "";
}
