/**
 * The end of the input pipeline: 8-bit pixels to the network's float32 tensor.
 * @module
 */

/**
 * @typedef {import("./image.mjs").Image} Image
 * @typedef {import("./card-types.d.ts").Scale} Scale
 * @typedef {import("./card-types.d.ts").Normalise} Normalise
 * @typedef {Scale | Normalise | import("./card-types.d.ts").Layout} FloatStep
 */

/** @type {ReadonlySet<string>} */
export const FLOAT_STEPS = new Set(["scale", "normalise", "layout"]);

/**
 * Float32 values of the image, channels last.
 * @param {Float32Array} values
 * @param {Scale | Normalise} step
 * @param {number} channels
 */
function floatStep(values, step, channels) {
  if (step.op === "scale") {
    const divide = Math.fround(step.divide);
    return values.map((value) => value / divide);
  }
  const mean = step.mean.map(Math.fround);
  const std = step.std.map(Math.fround);
  return values.map((value, i) => {
    const channel = mean.length === 1 ? 0 : i % channels;
    return Math.fround(value - mean[channel]) / std[std.length === 1 ? 0 : i % channels];
  });
}

/**
 * @param {Float32Array} values channels last
 * @param {Image} image
 */
function channelsFirst(values, { height, width, channels }) {
  const area = height * width;
  const planes = new Float32Array(values.length);
  for (let c = 0; c < channels; c++) {
    for (let i = 0; i < area; i++) planes[c * area + i] = values[i * channels + c];
  }
  return planes;
}

/**
 * @param {readonly {op: string}[]} steps the pipeline's
 * @param {Image} image as the network sees it
 * @returns {{tensor: Float32Array, dims: number[]}}
 */
export function toTensor(steps, image) {
  const { height, width, channels } = image;
  let values = Float32Array.from(image.data);
  let dims = [1, height, width, channels];
  for (const each of steps) {
    const step = /** @type {FloatStep} */ (each);
    if (step.op === "scale" || step.op === "normalise") values = floatStep(values, step, channels);
    else if (step.op === "layout" && step.order === "NCHW") {
      values = channelsFirst(values, image);
      dims = [1, channels, height, width];
    } else if (step.op === "layout" && step.order === "NHW") dims = [1, height, width];
    else if (step.op === "layout" && step.order === "flat") dims = [1, values.length];
  }
  return { tensor: values, dims };
}
