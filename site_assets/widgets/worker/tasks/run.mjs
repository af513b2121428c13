/** Task `run`: from an image to the networks' answers, with and without the trigger. */

import { background, maxPixels, triggerOwner } from "../../core/card.mjs";
import { finish, untriggered } from "../../core/preprocess.mjs";
import { readyTrigger } from "../../triggers/registry.mjs";
import { decoded } from "../images.mjs";
import { infer } from "../inference.mjs";
import { loadedRuntime } from "../ort.mjs";
import { opened } from "../sessions.mjs";

/** @typedef {import("../../core/card.mjs").Card} Card */
/** @typedef {import("../../core/image.mjs").Image} Image */
/** @typedef {import("../../core/preprocess.mjs").Preprocessed} Preprocessed */
/** @typedef {import("../../core/preprocess.mjs").Untriggered} Untriggered */
/** @typedef {import("../../triggers/placement.mjs").Placement} Placement */
/** @typedef {import("../images.mjs").ImageSource} ImageSource */
/** @typedef {import("../inference.mjs").Scores} Scores */
/**
 * @typedef {object} RunRequest
 * @property {ImageSource} source
 * @property {string[]} models keys
 * @property {boolean[]} variants which to compute: without the trigger (false), with it (true)
 * @property {Card["trigger"]} [trigger] the one shown, for networks that have none of their own (default: the models')
 * @property {number[]} [silenced] channels to set to 0, in networks whose inside is shown
 * @property {Placement | null} [placement] where a movable trigger is (default: where its card says)
 */
/** @typedef {{plain: Scores | null, stamped: Scores | null}} Answer */
/**
 * @typedef {object} RunResult
 * @property {Answer[]} answers in the order of the request's models
 * @property {{plain: Image | null, stamped: Image | null}} seen what the first network was given
 * @property {{prepare: number, infer: number}} milliseconds
 * @property {number} runs how many networks ran; for a file, answers without the trigger are remembered
 */

const KEPT = 8;
/** Images before the trigger is stamped, by file and pipeline. @type {Map<string, Untriggered>} */
const unstamped = new Map();
/** Answers without the trigger, by file and network. @type {Map<string, Scores>} */
const plainScores = new Map();

/**
 * @param {RunRequest} request
 * @param {import("../serve.mjs").Around} around
 * @returns {Promise<{result: RunResult}>}
 */
export async function run(request, { compute }) {
  return { result: await compute((alive) => runNow(request, alive)) };
}

/**
 * @param {RunRequest} request
 * @param {() => void} alive
 * @returns {Promise<RunResult>}
 */
async function runNow({ source, models, variants, trigger, placement = null, silenced }, alive) {
  const networks = models.map((key) => ({ key, ...opened(key) }));
  const ort = await loadedRuntime();
  const start = performance.now();
  /** By the background. @type {Map<string, Image>} */
  const images = new Map();
  for (const { card } of networks) {
    const behind = background(card.input);
    images.set(String(behind), await decoded(source, maxPixels(networks[0].card), behind));
  }
  const owner = triggerOwner(networks.map(({ card }) => card));
  const shown = trigger ?? networks[owner]?.card.trigger ?? null;
  if (variants.includes(true)) await readyTrigger(shown); // Its own network may not be open yet.
  const prepare = preparer(source, images, shown, placement);
  /** @type {RunResult} */
  const result = {
    answers: networks.map(() => ({ plain: null, stamped: null })),
    seen: { plain: null, stamped: null },
    milliseconds: { prepare: 0, infer: 0 },
    runs: 0,
  };
  for (const stamped of variants) {
    const variant = stamped ? "stamped" : "plain";
    for (const [index, { key, card, session, inside }] of networks.entries()) {
      const prepared = prepare(card, stamped);
      if (index === Math.max(0, owner)) result.seen[variant] = prepared.pixels;
      const remembered = stamped ? null : fileKey(source, `${key} ${silenced ?? ""}`);
      const known = remembered ? plainScores.get(remembered) : undefined;
      alive(); // Each network has its own time.
      const scores = known ?? (await infer(ort, session, card, prepared, inside, silenced));
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
 * @param {ImageSource} source
 * @param {Map<string, Image>} images by the background
 * @param {Card["trigger"]} shown given to networks that are not backdoored
 * @param {Placement | null} placement
 */
function preparer(source, images, shown, placement) {
  /** @type {Map<string, Preprocessed>} */
  const done = new Map();
  return (/** @type {Card} */ card, /** @type {boolean} */ stamped) => {
    const trigger = stamped ? ((card.backdoor ? card.trigger : shown) ?? null) : null;
    const pipeline = JSON.stringify(card.input);
    const key = `${pipeline} ${JSON.stringify(trigger)}`;
    const known = done.get(key);
    if (known) return known;
    const file = fileKey(source, pipeline);
    const before =
      (file ? unstamped.get(file) : undefined) ??
      untriggered(card.input, /** @type {Image} */ (images.get(String(background(card.input)))));
    if (file) remember(unstamped, file, before);
    const prepared = finish(card.input, before, trigger, placement);
    done.set(key, prepared);
    return prepared;
  };
}

/**
 * The key that something computed from a file is remembered by; null for pixels, which differ every time.
 *
 * @param {ImageSource} source
 * @param {string} rest
 */
function fileKey(source, rest) {
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
