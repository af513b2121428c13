/** From a picture to the networks' answers, in the worker. */

import { maxPixels } from "../core/card.mjs";
import { WidgetError } from "../core/messages.mjs";
import { activate } from "../core/output.mjs";
import { finish, untriggered } from "../core/preprocess.mjs";
import { pictureOf } from "./images.mjs";
import { loadRuntime } from "./ort.mjs";
import { opened } from "./sessions.mjs";

/** @typedef {import("./images.mjs").Source} Source */
/** @typedef {import("../core/card.mjs").Card} Card */
/** @typedef {import("../triggers/placement.mjs").Placement} Placement */
/** @typedef {import("../core/preprocess.mjs").Preprocessed} Preprocessed */
/** @typedef {import("../core/preprocess.mjs").Untriggered} Untriggered */
/** @typedef {import("../triggers/registry.mjs").Picture} Picture */
/**
 * @typedef {object} RunRequest
 * @property {Source} source
 * @property {string[]} models keys: the files' SHA-256
 * @property {boolean[]} variants which to compute: without the trigger (false), with it (true)
 * @property {Placement | null} [placement] where an overlay lies; where its card says when there is none
 */
/** @typedef {{logits: Float32Array, probabilities: Float64Array, milliseconds: number}} Scores */
/** @typedef {{plain: Scores | null, stamped: Scores | null}} Answer */
/** @typedef {{height: number, width: number, channels: number, data: Uint8Array}} Pixels */
/**
 * @typedef {object} RunResult
 * @property {Answer[]} answers in the order of the request's models
 * @property {{plain: Pixels | null, stamped: Pixels | null}} seen what the first network was given
 * @property {{prepare: number, infer: number}} milliseconds
 * @property {number} runs how many networks ran; of a file, answers without the trigger are remembered
 */

const KEPT = 8;
/** Pictures before the trigger is stamped, by file and pipeline. @type {Map<string, Untriggered>} */
const begun = new Map();
/** Answers without the trigger, by file and network. @type {Map<string, Scores>} */
const plainScores = new Map();

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
async function run({ source, models, variants, placement = null }, signal) {
  if (signal.aborted) throw new WidgetError("superseded");
  const networks = models.map((key) => ({ key, ...opened(key) }));
  const ort = await loadRuntime(signal, () => {});
  const start = performance.now();
  const picture = await pictureOf(source, maxPixels(networks[0].card));
  const prepare = preparer(source, picture, placement);
  /** @type {RunResult} */
  const result = {
    answers: networks.map(() => ({ plain: null, stamped: null })),
    seen: { plain: null, stamped: null },
    milliseconds: { prepare: 0, infer: 0 },
    runs: 0,
  };
  for (const stamped of variants) {
    const variant = stamped ? "stamped" : "plain";
    for (const [index, { key, card, session }] of networks.entries()) {
      const prepared = prepare(card, stamped);
      if (index === 0) result.seen[variant] = prepared.pixels;
      const remembered = stamped ? null : tokenOf(source, key);
      const known = remembered ? plainScores.get(remembered) : undefined;
      const scores = known ?? (await infer(ort, session, card, prepared));
      if (remembered) remember(plainScores, remembered, scores);
      result.answers[index][variant] = scores;
      if (known) continue;
      result.milliseconds.infer += scores.milliseconds;
      result.runs++;
    }
  }
  result.milliseconds.prepare = performance.now() - start - result.milliseconds.infer;
  return result;
}

/**
 * Networks with the same pipeline and trigger share the work; so do runs on the same file.
 *
 * @param {Source} source
 * @param {Picture} picture
 * @param {Placement | null} placement
 */
function preparer(source, picture, placement) {
  /** @type {Map<string, Preprocessed>} */
  const done = new Map();
  return (/** @type {Card} */ card, /** @type {boolean} */ stamped) => {
    const trigger = stamped ? (card.trigger ?? null) : null;
    const pipeline = JSON.stringify(card.input);
    const key = `${pipeline} ${JSON.stringify(trigger)}`;
    const known = done.get(key);
    if (known) return known;
    const file = tokenOf(source, pipeline);
    const before = (file ? begun.get(file) : undefined) ?? untriggered(card.input, picture);
    if (file) remember(begun, file, before);
    const prepared = finish(card.input, before, trigger, placement);
    done.set(key, prepared);
    return prepared;
  };
}

/**
 * What something made of a file is remembered by; null for pixels, which are different each time.
 *
 * @param {Source} source
 * @param {string} rest
 */
function tokenOf(source, rest) {
  return source.kind === "file" ? `${source.token} ${rest}` : null;
}

/**
 * @template T
 * @param {Map<string, T>} store the newest last
 * @param {string} key
 * @param {T} value
 */
function remember(store, key, value) {
  store.delete(key);
  store.set(key, value);
  for (const old of [...store.keys()].slice(0, -KEPT)) store.delete(old);
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
