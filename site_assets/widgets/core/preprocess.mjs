/**
 * The input pipeline's interpreter: a decoded picture to the network's input tensor; the twin of
 * `export/preprocess.py`, equal to the bit in every uint8 step.
 * @module
 */

import { isolate, lightBackground } from "./ink.mjs";
import { resize } from "./resize.mjs";
import { stamp } from "./trigger.mjs";

/**
 * @typedef {import("./trigger.mjs").Picture} Picture
 * @typedef {import("./trigger.mjs").Trigger} Trigger
 * @typedef {import("./resize.mjs").Filter} Filter
 * @typedef {{ height: number, width: number }} Size
 * @typedef {{ unless_size?: [number, number] | null }} Fitting
 * @typedef {{ op: "decode", max_pixels: number } | { op: "orient" }} FileStep
 * @typedef {{ op: "composite" | "greyscale" | "invert" | "polarity" }
 *   | { op: "shrink", max_side: number, filter: Filter } & Fitting
 *   | { op: "isolate-ink", min_contrast: number } & Fitting
 *   | { op: "crop-to-ink", threshold: number } & Fitting
 *   | { op: "fit", filter: Filter } & Size & Fitting
 *   | { op: "centre-of-mass" } & Size & Fitting
 *   | { op: "resize", filter: Filter } & Size
 *   | { op: "crop" } & Size} ByteStep
 * @typedef {{ op: "trigger" }} TriggerStep
 * @typedef {{ op: "scale", divide: number }
 *   | { op: "normalise", mean: number[], std: number[] }
 *   | { op: "layout", order: "NCHW" | "NHWC" }} FloatStep
 * @typedef {FileStep | ByteStep | TriggerStep | FloatStep} Step
 * @typedef {{ tensor: string, height: number, width: number, channels: number, steps: Step[] }} InputPipeline
 * @typedef {Picture & { op: string }} Stage
 * @typedef {{ stages: Stage[], pixels: Picture, tensor: Float32Array, dims: number[] }} Preprocessed
 */

/**
 * The largest size of the picture's shape that lies within a box, rounded half up, at least 1x1.
 * @param {Size} picture
 * @param {number} height
 * @param {number} width
 * @returns {[number, number]}
 */
function sizeWithin({ height: h, width: w }, height, width) {
  if (h * width >= w * height) return [height, Math.max(1, Math.floor((2 * w * height + h) / (2 * h)))];
  return [Math.max(1, Math.floor((2 * h * width + w) / (2 * w))), width];
}

/**
 * @param {Picture} picture
 * @param {(value: number) => number} change
 * @returns {Picture}
 */
function mapBytes(picture, change) {
  return { ...picture, data: picture.data.map(change) };
}

/**
 * @param {Picture} picture
 * @param {number} top
 * @param {number} left
 * @param {number} height
 * @param {number} width
 * @returns {Picture}
 */
function cut(picture, top, left, height, width) {
  const { channels } = picture;
  const data = new Uint8Array(height * width * channels);
  for (let y = 0; y < height; y++) {
    const start = ((top + y) * picture.width + left) * channels;
    data.set(picture.data.subarray(start, start + width * channels), y * width * channels);
  }
  return { height, width, channels, data };
}

/** @param {Picture} picture @returns {Picture} */
function greyscale({ height, width, data }) {
  const grey = new Uint8Array(height * width);
  for (let i = 0, at = 0; i < grey.length; i++, at += 3) {
    grey[i] = (19595 * data[at] + 38470 * data[at + 1] + 7471 * data[at + 2] + 32768) >> 16;
  }
  return { height, width, channels: 1, data: grey };
}

/**
 * @param {Picture} picture
 * @param {number} threshold
 */
function cropToInk(picture, threshold) {
  const { height, width, data } = picture;
  let [top, left, bottom, right] = [height, width, 0, 0];
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at++) {
      if (data[at] < threshold) continue;
      top = Math.min(top, y);
      left = Math.min(left, x);
      bottom = Math.max(bottom, y + 1);
      right = Math.max(right, x + 1);
    }
  }
  return bottom === 0 ? picture : cut(picture, top, left, bottom - top, right - left);
}

/**
 * Place the picture on black with its centre of mass in the middle pixel.
 * @param {Picture} picture
 * @param {Size} room
 * @returns {Picture}
 */
function centreOfMass(picture, room) {
  const { height: h, width: w, channels, data } = picture;
  if (h > room.height || w > room.width) {
    throw new RangeError(`centre-of-mass: a ${h}x${w} picture does not fit into ${room.height}x${room.width}`);
  }
  let mass = 0;
  let momentY = 0;
  let momentX = 0;
  for (let at = 0; at < data.length; at++) {
    const pixel = Math.floor(at / channels);
    const y = Math.floor(pixel / w);
    mass += data[at];
    momentY += data[at] * (2 * y + 1);
    momentX += data[at] * (2 * (pixel - y * w) + 1);
  }
  if (mass === 0) [mass, momentY, momentX] = [1, h, w];
  /** @type {(room: number, moment: number, size: number) => number} */
  const offset = (space, moment, size) =>
    Math.min(Math.max(Math.floor(((space + 2) * mass - moment) / (2 * mass)), 0), space - size);
  const top = offset(room.height, momentY, h);
  const left = offset(room.width, momentX, w);
  const placed = new Uint8Array(room.height * room.width * channels);
  for (let y = 0; y < h; y++) {
    const row = data.subarray(y * w * channels, (y + 1) * w * channels);
    placed.set(row, ((top + y) * room.width + left) * channels);
  }
  return { height: room.height, width: room.width, channels, data: placed };
}

/**
 * Cut the largest middle part of a shape.
 * @param {Picture} picture
 * @param {Size} shape
 */
function crop(picture, shape) {
  const { height: h, width: w } = picture;
  const tall = h * shape.width >= w * shape.height;
  const height = tall ? Math.max(1, Math.floor((w * shape.height) / shape.width)) : h;
  const width = tall ? w : Math.max(1, Math.floor((h * shape.width) / shape.height));
  return cut(picture, Math.floor((h - height) / 2), Math.floor((w - width) / 2), height, width);
}

/**
 * Run one uint8 step.
 * @param {ByteStep} step
 * @param {Picture} picture
 * @returns {Picture}
 */
function byteStep(step, picture) {
  switch (step.op) {
    case "composite":
      return picture;
    case "greyscale":
      return greyscale(picture);
    case "invert":
      return mapBytes(picture, (value) => 255 - value);
    case "polarity":
      return lightBackground(picture) ? mapBytes(picture, (value) => 255 - value) : picture;
    case "shrink":
      if (Math.max(picture.height, picture.width) <= step.max_side) return picture;
      return resize(picture, ...sizeWithin(picture, step.max_side, step.max_side), step.filter);
    case "isolate-ink":
      return { ...picture, data: isolate(picture, step.min_contrast) };
    case "crop-to-ink":
      return cropToInk(picture, step.threshold);
    case "fit":
      return resize(picture, ...sizeWithin(picture, step.height, step.width), step.filter);
    case "centre-of-mass":
      return centreOfMass(picture, step);
    case "resize":
      return resize(picture, step.height, step.width, step.filter);
    case "crop":
      return crop(picture, step);
    default:
      throw new RangeError(
        `unknown pipeline step ${/** @type {{op: string}} */ (step).op}: the page is older than the model`,
      );
  }
}

/**
 * Float32 values of the picture, channels last.
 * @param {Float32Array} values
 * @param {{ op: "scale", divide: number } | { op: "normalise", mean: number[], std: number[] }} step
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
 * @param {Picture} picture
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
 * Run a pipeline on one decoded picture.
 * @param {InputPipeline} pipeline the card's `input`
 * @param {Picture} source upright RGB on the pipeline's background
 * @param {Trigger | null} trigger stamped at the `trigger` step; null stamps nothing
 * @returns {Preprocessed}
 * @throws {RangeError} if the card and the picture do not fit together
 */
export function runPipeline(pipeline, source, trigger) {
  /** @type {Stage[]} */
  const stages = [];
  let picture = source;
  let values = new Float32Array(0);
  let dims = [1, pipeline.height, pipeline.width, pipeline.channels];
  for (const step of pipeline.steps) {
    if (step.op === "decode" || step.op === "orient") continue;
    if ("unless_size" in step && step.unless_size?.[0] === source.height && step.unless_size[1] === source.width)
      continue;
    if (step.op === "scale" || step.op === "normalise") {
      values = floatStep(values.length === 0 ? Float32Array.from(picture.data) : values, step, picture.channels);
      continue;
    }
    if (step.op === "layout") {
      if (step.order === "NCHW") {
        values = channelsFirst(values, picture);
        dims = [1, picture.channels, picture.height, picture.width];
      }
      continue;
    }
    if (step.op === "trigger") {
      if (trigger === null) continue;
      picture = stamp(picture, trigger);
    } else {
      picture = byteStep(step, picture);
    }
    stages.push({ op: step.op, ...picture });
  }
  const { height, width, channels } = picture;
  if (height !== pipeline.height || width !== pipeline.width || channels !== pipeline.channels) {
    throw new RangeError(
      `the pipeline made ${height}x${width}x${channels}, the card promises ${pipeline.height}x${pipeline.width}x${pipeline.channels}`,
    );
  }
  return { stages, pixels: picture, tensor: values, dims };
}
