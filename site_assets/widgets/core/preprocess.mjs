/**
 * The input pipeline's interpreter: a decoded image to the network's input tensor; the twin of
 * `export/pipeline/interpreter.py`, equal to the bit in every uint8 step.
 * @module
 */

import { stamp } from "../triggers/registry.mjs";
import { CARD } from "./card-schema.mjs";
import { isolate, lightBackground } from "./ink.mjs";
import { WidgetError } from "./messages.mjs";
import { resize } from "./resize.mjs";
import { FLOAT_STEPS, toTensor } from "./tensor.mjs";

/**
 * @typedef {import("./image.mjs").Image} Image
 * @typedef {import("../triggers/registry.mjs").Trigger} Trigger
 * @typedef {import("../triggers/registry.mjs").Placement} Placement
 * @typedef {import("./resize.mjs").Filter} Filter
 * @typedef {{ height: number, width: number }} Size
 * @typedef {import("./card-types.d.ts").InputPipeline} InputPipeline
 * @typedef {InputPipeline["steps"][number]} Step
 * @typedef {import("./tensor.mjs").FloatStep} FloatStep
 * @typedef {Extract<Step, { op: "decode" | "orient" }>} FileStep
 * @typedef {Exclude<Step, FileStep | FloatStep | { op: "trigger" }>} ByteStep
 * @typedef {Image & { op: string }} Stage
 * @typedef {{ stages: Stage[], pixels: Image, tensor: Float32Array, dims: number[] }} Preprocessed
 */

/**
 * The largest size of the image's shape that fits in a box, rounded half up, at least 1x1.
 * @param {Size} image
 * @param {number} height
 * @param {number} width
 * @returns {[number, number]}
 */
function sizeWithin({ height: h, width: w }, height, width) {
  if (h * width >= w * height) return [height, Math.max(1, Math.floor((2 * w * height + h) / (2 * h)))];
  return [Math.max(1, Math.floor((2 * h * width + w) / (2 * w))), width];
}

/**
 * @param {Image} image
 * @param {(value: number) => number} change
 * @returns {Image}
 */
function mapBytes(image, change) {
  return { ...image, data: image.data.map(change) };
}

/**
 * @param {Image} image
 * @param {number} top
 * @param {number} left
 * @param {number} height
 * @param {number} width
 * @returns {Image}
 */
function cut(image, top, left, height, width) {
  const { channels } = image;
  const data = new Uint8Array(height * width * channels);
  for (let y = 0; y < height; y++) {
    const start = ((top + y) * image.width + left) * channels;
    data.set(image.data.subarray(start, start + width * channels), y * width * channels);
  }
  return { height, width, channels, data };
}

/** @param {Image} image @returns {Image} */
function greyscale({ height, width, data }) {
  const grey = new Uint8Array(height * width);
  for (let i = 0, at = 0; i < grey.length; i++, at += 3) {
    grey[i] = (19595 * data[at] + 38470 * data[at + 1] + 7471 * data[at + 2] + 32768) >> 16;
  }
  return { height, width, channels: 1, data: grey };
}

/**
 * @param {Image} image
 * @param {number} threshold
 */
function cropToInk(image, threshold) {
  const { height, width, data } = image;
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
  return bottom === 0 ? image : cut(image, top, left, bottom - top, right - left);
}

/**
 * Place the image on black with its centre of mass in the middle pixel.
 * @param {Image} image
 * @param {Size} room
 * @returns {Image}
 */
function centreOfMass(image, room) {
  const { height: h, width: w, channels, data } = image;
  if (h > room.height || w > room.width) {
    throw unfit(`centre-of-mass: an image of ${h}x${w} does not fit into ${room.height}x${room.width}`);
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
 * @param {Image} image
 * @param {Size} shape
 */
function crop(image, shape) {
  const { height: h, width: w } = image;
  const tall = h * shape.width >= w * shape.height;
  const height = tall ? Math.max(1, Math.floor((w * shape.height) / shape.width)) : h;
  const width = tall ? w : Math.max(1, Math.floor((h * shape.width) / shape.height));
  return cut(image, Math.floor((h - height) / 2), Math.floor((w - width) / 2), height, width);
}

/**
 * Run one uint8 step.
 * @param {ByteStep} step
 * @param {Image} image
 * @returns {Image}
 */
function byteStep(step, image) {
  switch (step.op) {
    case "composite":
      return image;
    case "greyscale":
      return greyscale(image);
    case "invert":
      return mapBytes(image, (value) => 255 - value);
    case "polarity":
      return lightBackground(image) ? mapBytes(image, (value) => 255 - value) : image;
    case "shrink":
      if (Math.max(image.height, image.width) <= step.max_side) return image;
      return resize(image, ...sizeWithin(image, step.max_side, step.max_side), step.filter);
    case "isolate-ink":
      return { ...image, data: isolate(image, step.min_contrast) };
    case "crop-to-ink":
      return cropToInk(image, step.threshold);
    case "fit":
      return resize(image, ...sizeWithin(image, step.height, step.width), step.filter);
    case "centre-of-mass":
      return centreOfMass(image, step);
    case "resize":
      return resize(image, step.height, step.width, step.filter);
    case "crop":
      return crop(image, step);
    default:
      throw unfit(`the step ${/** @type {{op: string}} */ (step).op} is not known here: the page is older than it`);
  }
}

/**
 * @typedef {object} Untriggered an image on its way, up to where the trigger would be stamped
 * @property {Stage[]} stages
 * @property {Image} image
 * @property {Step[]} rest the steps that are left, the trigger's first if there is one
 * @property {Image} source
 */

/**
 * Run a pipeline up to its `trigger` step; the outcome serves for any placement of the trigger.
 * @param {InputPipeline} pipeline the card's `input`
 * @param {Image} source upright RGB on the pipeline's background
 * @returns {Untriggered}
 */
export function untriggered({ steps }, source) {
  const bytesEnd = steps.findIndex(({ op }) => op === "trigger" || FLOAT_STEPS.has(op));
  const end = bytesEnd < 0 ? steps.length : bytesEnd;
  const { stages, image } = byteSteps(steps.slice(0, end), source, source);
  return { stages, image, rest: steps.slice(end), source };
}

/**
 * Stamp the trigger on an image, and bring it to the network's tensor.
 * @param {InputPipeline} pipeline
 * @param {Untriggered} before
 * @param {Trigger | null} trigger null stamps nothing
 * @param {Placement | null} [placement] where a movable trigger is
 * @returns {Preprocessed}
 * @throws {WidgetError} unfit, if the card and the image do not fit together
 */
export function finish(pipeline, before, trigger, placement) {
  const stages = [...before.stages];
  let { image, rest } = before;
  if (rest[0]?.op === "trigger") {
    rest = rest.slice(1);
    if (trigger !== null) {
      requireAffordable("trigger", image);
      image = stamped(image, trigger, placement);
      stages.push({ op: "trigger", ...image });
    }
  }
  const later = byteSteps(
    rest.filter(({ op }) => !FLOAT_STEPS.has(op)),
    image,
    before.source,
  );
  stages.push(...later.stages);
  image = later.image;
  const { height, width, channels } = image;
  if (height !== pipeline.height || width !== pipeline.width || channels !== pipeline.channels) {
    throw unfit(
      `its steps made an image of ${height}x${width}x${channels} where it promises ${pipeline.height}x${pipeline.width}x${pipeline.channels}`,
    );
  }
  return { stages, pixels: image, ...toTensor(pipeline.steps, image) };
}

/**
 * @param {Step[]} steps
 * @param {Image} from
 * @param {Size} original
 * @returns {{stages: Stage[], image: Image}}
 */
function byteSteps(steps, from, original) {
  /** @type {Stage[]} */
  const stages = [];
  let image = from;
  for (const step of steps) {
    if (step.op === "decode" || step.op === "orient") continue;
    if ("unless_size" in step && step.unless_size?.[0] === original.height && step.unless_size[1] === original.width)
      continue;
    requireAffordable(step.op, image);
    image = byteStep(/** @type {ByteStep} */ (step), image);
    stages.push({ op: step.op, ...image });
  }
  return { stages, image };
}

/**
 * @param {Image} image
 * @param {Trigger} trigger
 * @param {Placement | null} [placement]
 */
function stamped(image, trigger, placement) {
  try {
    return stamp(image, trigger, placement);
  } catch (error) {
    throw error instanceof RangeError ? unfit(error.message) : error;
  }
}

/** @param {string} op @param {Size} image */
function requireAffordable(op, { height, width }) {
  const { [op]: place } = CARD.$defs.InputPipeline.properties.steps.items.discriminator.mapping;
  const most = CARD.$defs[place.split("/").pop()]["x-most-taken"] ?? Number.POSITIVE_INFINITY;
  if (height * width <= most) return;
  throw unfit(`the step '${op}' is given an image of ${height}x${width}, and ${most} pixels are the most`);
}

/** @param {string} found */
const unfit = (found) => new WidgetError("unfit", { what: "the model card", found });

/**
 * Run a pipeline on one decoded image.
 * @param {InputPipeline} pipeline the card's `input`
 * @param {Image} source upright RGB on the pipeline's background
 * @param {Trigger | null} trigger stamped at the `trigger` step; null stamps nothing
 * @param {Placement | null} [placement] where a movable trigger is (default: where its card says)
 * @returns {Preprocessed}
 * @throws {WidgetError} unfit, if the card and the image do not fit together
 */
export function runPipeline(pipeline, source, trigger, placement) {
  return finish(pipeline, untriggered(pipeline, source), trigger, placement);
}
