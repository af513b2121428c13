/** From a picture to the networks' answers, in the worker. */

import { maxPixels } from "../core/card.mjs";
import { WidgetError } from "../core/messages.mjs";
import { activate } from "../core/output.mjs";
import { runPipeline } from "../core/preprocess.mjs";
import { loadRuntime } from "./ort.mjs";
import { pictureOf } from "./pictures.mjs";
import { opened } from "./sessions.mjs";

/** @typedef {import("./pictures.mjs").Source} Source */
/** @typedef {import("../core/preprocess.mjs").Preprocessed} Preprocessed */
/**
 * @typedef {object} RunRequest
 * @property {Source} source
 * @property {string[]} models keys: the files' SHA-256
 * @property {boolean[]} variants which to compute: without the trigger (false), with it (true)
 */
/** @typedef {{logits: Float32Array, probabilities: Float64Array, milliseconds: number}} Scores */
/** @typedef {{plain: Scores | null, stamped: Scores | null}} Answer */
/** @typedef {{height: number, width: number, channels: number, data: Uint8Array}} Pixels */
/**
 * @typedef {object} RunResult
 * @property {Answer[]} answers in the order of the request's models
 * @property {{plain: Pixels | null, stamped: Pixels | null}} seen what the first network was given
 * @property {{prepare: number, infer: number}} milliseconds
 */

/** Runs happen one after the other: a session does one at a time. */
let turn = Promise.resolve();

/**
 * @param {RunRequest} request
 * @param {AbortSignal} signal
 * @returns {Promise<RunResult>}
 */
export function runModels(request, signal) {
  const result = turn.then(() => run(request, signal));
  turn = result.then(
    () => {},
    () => {},
  );
  return result;
}

/**
 * @param {RunRequest} request
 * @param {AbortSignal} signal
 * @returns {Promise<RunResult>}
 */
async function run({ source, models, variants }, signal) {
  if (signal.aborted) throw new WidgetError("superseded");
  const networks = models.map(opened);
  const ort = await loadRuntime(signal, () => {});
  const start = performance.now();
  const picture = await pictureOf(source, maxPixels(networks[0].card));
  const prepare = preparer(picture);
  /** @type {RunResult} */
  const result = {
    answers: networks.map(() => ({ plain: null, stamped: null })),
    seen: { plain: null, stamped: null },
    milliseconds: { prepare: 0, infer: 0 },
  };
  for (const stamped of variants) {
    const variant = stamped ? "stamped" : "plain";
    for (const [index, { card, session }] of networks.entries()) {
      const prepared = prepare(card, stamped);
      if (index === 0) result.seen[variant] = prepared.pixels;
      const scores = await infer(ort, session, card, prepared);
      result.answers[index][variant] = scores;
      result.milliseconds.infer += scores.milliseconds;
    }
  }
  result.milliseconds.prepare = performance.now() - start - result.milliseconds.infer;
  return result;
}

/**
 * Networks with the same pipeline and trigger share the work.
 *
 * @param {import("../core/trigger.mjs").Picture} picture
 */
function preparer(picture) {
  /** @type {Map<string, Preprocessed>} */
  const done = new Map();
  return (/** @type {import("../core/card.mjs").Card} */ card, /** @type {boolean} */ stamped) => {
    const trigger = stamped ? (card.trigger ?? null) : null;
    const key = JSON.stringify([card.input, trigger]);
    const prepared = done.get(key) ?? runPipeline(card.input, picture, trigger);
    done.set(key, prepared);
    return prepared;
  };
}

/**
 * @param {typeof import("onnxruntime-web")} ort
 * @param {import("onnxruntime-web").InferenceSession} session
 * @param {import("../core/card.mjs").Card} card
 * @param {Preprocessed} prepared
 * @returns {Promise<Scores>}
 */
export async function infer(ort, session, card, prepared) {
  const feeds = { [card.input.tensor]: new ort.Tensor("float32", prepared.tensor, prepared.dims) };
  const start = performance.now();
  const outputs = await session.run(feeds);
  const milliseconds = performance.now() - start;
  const logits = /** @type {Float32Array} */ (outputs[card.output.tensor].data).slice();
  return { logits, probabilities: activate(logits, card.output.activation), milliseconds };
}
