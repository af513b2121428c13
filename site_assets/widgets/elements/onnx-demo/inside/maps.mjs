/** Maps of channels as small pictures side by side. */

/** @typedef {import("../../../core/inside.mjs").ChannelsInside} ChannelsInside */

/** Maps beside each other. */
const COLUMNS = 8;
const GAP = [70, 70, 70];
const ADDED = [255, 122, 89];
/** Of a silenced map, and of the line across it. */
const [SILENT, CROSSED] = [
  [26, 26, 26],
  [110, 110, 110],
];
/** Of all values, this fraction lies below the brightest level: a few strong ones would leave the others dark. */
const BRIGHTEST = 0.99;
/** Under 1: weak values are seen as well. */
const GAMMA = 0.5;

/**
 * @param {HTMLCanvasElement} plain
 * @param {HTMLCanvasElement} stamped
 * @param {ChannelsInside} inside
 * @param {{plain: Float32Array, stamped: Float32Array}} maps
 * @param {number} silenced how many of the first are crossed out
 */
export function drawMaps(plain, stamped, inside, maps, silenced) {
  const most = brightest(maps.plain);
  const level = (/** @type {number} */ value) => Math.min(1, Math.max(0, value) / most) ** GAMMA;
  draw(plain, inside, silenced, (index) => coloured(level(maps.plain[index]), 0));
  draw(stamped, inside, silenced, (index) => {
    const [before, now] = [level(maps.plain[index]), level(maps.stamped[index])];
    return coloured(Math.min(before, now), Math.max(0, now - before));
  });
}

/** The value that is shown as brightest, above 0. @param {Float32Array} values */
function brightest(values) {
  const positive = values.filter((value) => value > 0).sort();
  return positive.length > 0 ? positive[Math.floor(BRIGHTEST * (positive.length - 1))] : 1;
}

/**
 * White for what is there without the trigger, and the colour of what the trigger adds.
 *
 * @param {number} before 0 to 1
 * @param {number} added 0 to 1
 */
function coloured(before, added) {
  return ADDED.map((value) => Math.min(255, 255 * before + value * added));
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {ChannelsInside} inside
 * @param {number} silenced
 * @param {(index: number) => number[]} colour of a value, by its index in the maps
 */
function draw(canvas, { order, height, width }, silenced, colour) {
  const context = canvas.getContext("2d");
  if (!context) return;
  const image = context.createImageData(canvas.width, canvas.height);
  for (let i = 0; i < image.data.length; i += 4) image.data.set([...GAP, 255], i);
  for (const [at, channel] of order.entries()) {
    const left = (at % COLUMNS) * (width + 1);
    const top = Math.floor(at / COLUMNS) * (height + 1);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const line = x === Math.floor((y * width) / height) ? CROSSED : SILENT;
        const pixel = at < silenced ? line : colour((channel * height + y) * width + x);
        image.data.set([...pixel, 255], 4 * ((top + y) * canvas.width + left + x));
      }
    }
  }
  context.putImageData(image, 0, 0);
}
