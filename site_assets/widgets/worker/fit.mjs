/**
 * Whether a network takes and gives what its card says, and the casts between its types and float32: the twin of
 * `export/onnx/fit.py`, in the same words.
 */

import { fromHalf, toHalf } from "../core/half.mjs";
import { WidgetError } from "../core/messages.mjs";

/** @typedef {import("../core/card.mjs").Card} Card */
/** @typedef {import("onnxruntime-web").InferenceSession} Session */
/** @typedef {import("onnxruntime-web").InferenceSession.ValueMetadata} Metadata */
/** @typedef {"float32" | "float16" | "uint8"} InputType */

/** Types of an input that an image can be cast to. @type {Record<InputType, (values: Float32Array) => any>} */
const CASTS = {
  float32: (values) => values,
  float16: (values) => Uint16Array.from(values, toHalf),
  uint8: (values) => Uint8Array.from(values),
};
const OUTPUTS = new Set(["float32", "float16"]);

/**
 * @param {Card} card
 * @param {Session} session
 * @param {import("../core/inside.mjs").Inside | null} [inside] what an appendix has added
 * @throws {WidgetError} unfit
 */
export function requireFit(card, session, inside = null) {
  const added = inside?.view === "channels" ? inside.keep : null;
  const inputs = session.inputMetadata.filter(({ name }) => name !== added);
  const found = fault(card, inputs, session.outputMetadata);
  if (found) throw unfit(card, found);
}

/**
 * @param {Card} card
 * @param {readonly Metadata[]} inputs
 * @param {readonly Metadata[]} outputs
 * @returns {string | null}
 */
function fault({ input, output }, inputs, outputs) {
  const image = inputs.find(({ name }) => name === input.tensor);
  if (!image) return `the card's input tensor is '${input.tensor}'; the model has ${listed(inputs)}`;
  const answer = outputs.find(({ name }) => name === output.tensor);
  if (!answer) return `the card's output tensor is '${output.tensor}'; the model has ${listed(outputs)}`;
  if (inputs.length > 1) return `it takes ${inputs.length} inputs (${listed(inputs)}); one, an image, is expected`;
  if (!image.isTensor || !Object.hasOwn(CASTS, image.type))
    return `its input is ${told(image)}; float, float16 or uint8 is expected`;
  if (!answer.isTensor || !OUTPUTS.has(answer.type))
    return `its output is ${told(answer)}; float or float16 is expected`;
  if (image.type === "uint8" && input.steps.some(({ op }) => op === "scale" || op === "normalise"))
    return `its input is ${told(image)}, so its card must have no step 'scale' or 'normalise'`;
  const expected = shapeOf(input);
  const [batch, ...sizes] = image.shape;
  if (sizes.length !== expected.length || sizes.some((size, i) => isFixed(size) && size !== expected[i]))
    return `its input is ${told(image)}, but the card's steps make ['n', ${expected.join(", ")}]`;
  if (isFixed(batch) && batch !== 1) return `it takes ${batch} images at a time; one, or any number, is expected`;
  return null;
}

/** Whether a network fixes an axis; one that it leaves free without a name has the size -1, read as unsigned. @param {number | string} size */
const isFixed = (size) => typeof size === "number" && size < 2 ** 31;

/**
 * The shape of a pipeline's tensor, without the batch axis.
 *
 * @param {Card["input"]} input
 */
function shapeOf({ height: h, width: w, channels: c, steps }) {
  const layout = steps.find((step) => step.op === "layout");
  return { NCHW: [c, h, w], NHWC: [h, w, c], NHW: [h, w], flat: [h * w * c] }[layout?.order ?? "NHWC"];
}

/**
 * A pipeline's tensor as the network takes it.
 *
 * @param {typeof import("onnxruntime-web")} ort
 * @param {Session} session
 * @param {Card} card
 * @param {import("../core/preprocess.mjs").Preprocessed} prepared
 */
export function taken(ort, session, { input }, { tensor, dims }) {
  const image = session.inputMetadata.find(({ name }) => name === input.tensor);
  const type = /** @type {InputType} */ (image?.isTensor ? image.type : "float32");
  return new ort.Tensor(type, CASTS[type](tensor), dims);
}

/**
 * The network's answer, one number a label.
 *
 * @param {Card} card
 * @param {import("onnxruntime-web").Tensor} output
 * @returns {Float32Array}
 * @throws {WidgetError} unfit, or failed if it is not finite
 */
export function logitsOf(card, { data, dims, type }) {
  const classes = card.labels.length;
  const shape = dims.join(", ");
  if (shape !== `1, ${classes}` && shape !== `1, ${classes}, 1, 1`) {
    const found = `it answers 1 images with values of shape [${shape}], but the card has ${classes} labels: [1, ${classes}] is expected`;
    throw unfit(card, found);
  }
  const bits = type === "float16" && data instanceof Uint16Array;
  const logits = Float32Array.from(/** @type {Float32Array} */ (data), bits ? fromHalf : undefined);
  if (!logits.every(Number.isFinite)) {
    throw new WidgetError("failed", { what: `the model “${card.title}”`, found: "its answer holds NaN or infinity" });
  }
  return logits;
}

/** @param {Card} card @param {string} found */
function unfit({ title }, found) {
  return new WidgetError("unfit", { what: `the model “${title}”`, found });
}

/** @param {readonly Metadata[]} tensors */
const listed = (tensors) => tensors.map(told).join(", ");

/** As Python writes a tensor. @param {Metadata} tensor */
function told(tensor) {
  if (!tensor.isTensor) return `'${tensor.name}'`;
  const sizes = tensor.shape.map((size) => (typeof size === "string" || isFixed(size) ? size || "?" : "?")).join(", ");
  return `'${tensor.name}' ${tensor.type === "float32" ? "float" : tensor.type} [${sizes}]`;
}
