/** One network's scores for one prepared image. */

import { textOf, WidgetError } from "../core/messages.mjs";
import { activate } from "../core/output.mjs";
import { logitsOf, taken } from "./fit.mjs";

/** @typedef {import("../core/inside.mjs").Inside} Inside */
/** @typedef {{logits: Float32Array, probabilities: Float64Array, milliseconds: number, inside?: Seen}} Scores */
/**
 * @typedef {object} Seen what an appendix shows
 * @property {Float32Array} values a point, or maps
 * @property {Float64Array} [silenced] probabilities without the channels that are silenced
 */

/**
 * @param {typeof import("onnxruntime-web")} ort
 * @param {import("onnxruntime-web").InferenceSession} session
 * @param {import("../core/card.mjs").Card} card
 * @param {import("../core/preprocess.mjs").Preprocessed} prepared
 * @param {Inside | null} [inside] what an appendix has added to the network
 * @param {readonly number[]} [silenced] its channels that are set to 0
 * @returns {Promise<Scores>}
 * @throws {WidgetError} failed, unfit
 */
export async function infer(ort, session, card, prepared, inside = null, silenced = []) {
  const feeds = { [card.input.tensor]: taken(ort, session, card, prepared) };
  if (inside?.view === "channels") feeds[inside.keep] = kept(ort, inside, silenced);
  const start = performance.now();
  const outputs = await session.run(feeds).catch((error) => {
    throw new WidgetError("failed", { what: `the model “${card.title}”`, found: textOf(error) }, { cause: error });
  });
  const milliseconds = performance.now() - start;
  const logits = logitsOf(card, outputs[card.output.tensor]);
  const probabilities = activate(logits, card.output.activation);
  if (!inside) return { logits, probabilities, milliseconds };
  return { logits, probabilities, milliseconds, inside: seen(card, inside, outputs) };
}

/**
 * @param {typeof import("onnxruntime-web")} ort
 * @param {import("../core/inside.mjs").ChannelsInside} inside
 * @param {readonly number[]} silenced
 */
function kept(ort, { order }, silenced) {
  const keep = new Float32Array(order.length).fill(1);
  for (const channel of silenced) keep[channel] = 0;
  return new ort.Tensor("float32", keep, [1, keep.length, 1, 1]);
}

/**
 * @param {import("../core/card.mjs").Card} card
 * @param {Inside} inside
 * @param {Readonly<Record<string, import("onnxruntime-web").Tensor>>} outputs
 * @returns {Seen}
 */
function seen(card, inside, outputs) {
  /** @param {string} name */
  const values = (name) => Float32Array.from(/** @type {Float32Array} */ (outputs[name].data));
  if (inside.view === "plane") return { values: values(inside.point) };
  const silenced = activate(logitsOf(card, outputs[inside.logits]), card.output.activation);
  return { values: values(inside.maps), silenced };
}
