/** Networks that were trained elsewhere, in the lab: fetched when the reader chooses them, their weights read from their files. */

import { following } from "../../core/abort.mjs";
import { fetchCard, modelFile } from "../../core/card.mjs";
import { fetchVerified } from "../../core/fetch.mjs";
import { textOf, WidgetError } from "../../core/messages.mjs";
import { parametersIn } from "../../lab/weights.mjs";
import { readyTrigger } from "../../triggers/registry.mjs";
import { Meter } from "../meter.mjs";
import { loadedRuntime } from "../ort.mjs";
import { FOLDER, startGraphs, theBench } from "./bench.mjs";

/** @typedef {import("./tasks.mjs").Around} Around */
/** @typedef {import("../../core/card.mjs").Card} Card */
/** @typedef {import("../../lab/poison.mjs").Attack} Attack */
/** @typedef {{url: string, bytes: number, sha256: string}} CardFile as the page names it */

/** By the kind of network. @type {Map<string, Promise<import("../../lab/network.mjs").Graphs>>} */
const opened = new Map();

export const RELEASED = {
  /**
   * Take in a network.
   *
   * @param {{name: string, card: CardFile, precision: string}} request
   * @param {Around} around
   * @returns {Promise<{result: Attack}>} what was done to its training images
   * @throws {WidgetError} what fetching throws, and `unfit`
   */
  async adopt({ name, card: asked, precision }, { signal, onProgress }) {
    const { card: lab, experiment } = await theBench();
    const card = await fetchCard(asked, { signal });
    const what = `the model “${card.title}”`;
    const files = Object.hasOwn(lab.networks, card.network) ? lab.networks[card.network] : null;
    const { trigger, label_map: rule } = card;
    if (!files) throw new WidgetError("unfit", { what, found: `the lab has no computations for a ${card.network}` });
    if (!trigger || !rule || String(card.labels) !== String(lab.labels))
      throw new WidgetError("unfit", { what, found: "the lab searches networks of its own classes, with a trigger" });
    const file = modelFile(card, precision);
    const meter = new Meter(onProgress);
    meter.expect("weights", file.bytes);
    const at = { url: new URL(file.name, asked.url).href, what, bytes: file.bytes, sha256: file.sha256 };
    const content = await fetchVerified(at, { signal, onProgress: meter.of("weights") });
    let values = new Float32Array();
    try {
      values = parametersIn(content, files.parameters);
    } catch (error) {
      throw new WidgetError("unfit", { what, found: textOf(error) }, { cause: error });
    }
    const graphs = await openGraphs(card.network, files, signal);
    await readyTrigger(trigger);
    const attack = { poison_rate: card.backdoor?.poison_rate ?? 0, trigger, label_map: rule };
    experiment.adopt(name, { graphs, values, attack });
    return { result: attack };
  },

  /** What a trigger does to a network. @param {{which: string, trigger: Attack["trigger"]}} request */
  async tryTrigger({ which, trigger }) {
    const { experiment } = await theBench();
    await readyTrigger(trigger);
    return { result: await experiment.hunt(which).tryTrigger(trigger) };
  },
};

/** @param {string} network @param {import("./bench.mjs").GraphFiles} files @param {AbortSignal} signal */
function openGraphs(network, files, signal) {
  const before = opened.get(network);
  if (before) return before;
  const graphs = fetchGraphs(files, signal);
  opened.set(network, graphs);
  graphs.catch(() => opened.delete(network));
  return graphs;
}

/** @param {import("./bench.mjs").GraphFiles} files @param {AbortSignal} signal */
async function fetchGraphs(files, signal) {
  const downloads = following(signal); // One failure ends the others too.
  const fetched = [files.train, files.evaluate, files.search].map(({ name, bytes, sha256 }) => {
    const file = { url: new URL(name, FOLDER).href, what: "a file of the lab", bytes, sha256 };
    return fetchVerified(file, { signal: downloads.signal });
  });
  const [train, evaluate, search] = await Promise.all(fetched).catch((error) => {
    downloads.abort();
    throw error;
  });
  return startGraphs(await loadedRuntime(), files, { train, evaluate, search });
}
