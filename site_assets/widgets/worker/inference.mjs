/** One network's scores for one prepared image. */

import { textOf, WidgetError } from "../core/messages.mjs";
import { activate } from "../core/output.mjs";
import { logitsOf, taken } from "./fit.mjs";

/** @typedef {{logits: Float32Array, probabilities: Float64Array, milliseconds: number}} Scores */

/**
 * @param {typeof import("onnxruntime-web")} ort
 * @param {import("onnxruntime-web").InferenceSession} session
 * @param {import("../core/card.mjs").Card} card
 * @param {import("../core/preprocess.mjs").Preprocessed} prepared
 * @returns {Promise<Scores>}
 * @throws {WidgetError} failed, unfit
 */
export async function infer(ort, session, card, prepared) {
  const feeds = { [card.input.tensor]: taken(ort, session, card, prepared) };
  const start = performance.now();
  const outputs = await session.run(feeds).catch((error) => {
    throw new WidgetError("failed", { what: `the model “${card.title}”`, found: textOf(error) }, { cause: error });
  });
  const milliseconds = performance.now() - start;
  const logits = logitsOf(card, outputs[card.output.tensor]);
  return { logits, probabilities: activate(logits, card.output.activation), milliseconds };
}
