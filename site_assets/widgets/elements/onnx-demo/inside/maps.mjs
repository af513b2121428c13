/** Maps of channels as small pictures side by side. */

/** Maps beside each other. */
const COLUMNS = 8;
const GAP = [70, 70, 70];
const ADDED = [255, 122, 89];
const SILENT = 150;
/** Under 1: weak values are seen as well. */
const GAMMA = 0.45;

/**
 * @param {HTMLCanvasElement} plain
 * @param {HTMLCanvasElement} stamped
 * @param {import("../../../core/inside.mjs").ChannelsInside} inside
 * @param {{plain: Float32Array, stamped: Float32Array}} maps
 * @param {number} silenced how many of the first are crossed out
 */
export function drawMaps(plain, stamped, { order, height, width }, maps, silenced) {
  let most = 0;
  for (const value of maps.plain) most = Math.max(most, value);
  for (const value of maps.stamped) most = Math.max(most, value);
  const level = (/** @type {number} */ value) => (most > 0 && value > 0 ? (value / most) ** GAMMA : 0);
  for (const [canvas, values] of /** @type {const} */ ([
    [plain, maps.plain],
    [stamped, maps.stamped],
  ])) {
    const context = canvas.getContext("2d");
    if (!context) continue;
    const image = context.createImageData(canvas.width, canvas.height);
    for (let i = 0; i < image.data.length; i += 4) image.data.set([...GAP, 255], i);
    for (const [at, channel] of order.entries()) {
      const left = (at % COLUMNS) * (width + 1);
      const top = Math.floor(at / COLUMNS) * (height + 1);
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++) {
          const index = (channel * height + y) * width + x;
          const crossed = at < silenced && (x * height === y * width || x * height === (height - 1 - y) * width);
          const pixel = crossed
            ? [SILENT, SILENT, SILENT]
            : at < silenced
              ? [0, 0, 0]
              : coloured(level(Math.min(values[index], maps.plain[index])), level(values[index]));
          image.data.set([...pixel, 255], 4 * ((top + y) * canvas.width + left + x));
        }
      }
    }
    context.putImageData(image, 0, 0);
  }
}

/**
 * White for what is there without the trigger, and on top of it the colour of what the trigger adds.
 *
 * @param {number} before 0 to 1
 * @param {number} now at least as much
 */
function coloured(before, now) {
  const added = now - before;
  return ADDED.map((value) => Math.min(255, 255 * before + value * added));
}
