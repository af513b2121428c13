/** What the page asks of the lab's worker. A task that is cancelled stops after its step; training can continue later. */

import { takeaway } from "../../lab/takeaway.mjs";
import { readyTrigger } from "../../triggers/registry.mjs";
import { openBench, theBench } from "./bench.mjs";

/** @typedef {import("../../lab/experiment.mjs").Which} Which */
/** @typedef {import("../../lab/experiment.mjs").Recipe} Recipe */
/**
 * @typedef {object} Around see `worker/serve.mjs`; what a task reports is its own
 * @property {AbortSignal} signal
 * @property {(progress: any) => void} onProgress
 */

export const TASKS = {
  /** @param {import("./bench.mjs").Published} request @param {Around} around */
  async open(request, { signal, onProgress }) {
    const { card, data } = await openBench(request, signal, onProgress);
    return { result: { card, data } };
  },

  /** Two new networks of a recipe. @param {{recipe: Recipe}} request */
  async begin({ recipe }) {
    const { experiment } = await theBench();
    await readyTrigger(recipe.attack.trigger);
    experiment.begin(recipe);
    return { result: null };
  },

  /** Train them from where they are. @param {unknown} _request @param {Around} around */
  async train(_request, { signal, onProgress }) {
    return { result: await (await theBench()).experiment.train(signal, onProgress) };
  },

  /** @param {{which: string, images: Uint8Array}} request */
  async ask({ which, images }) {
    return { result: await (await theBench()).experiment.ask(which, images) };
  },

  /** @param {{image: import("../../core/image.mjs").Image}} request */
  async drawn({ image }) {
    return { result: await (await theBench()).experiment.drawn(image) };
  },

  /** @param {{which: string}} request @param {Around} around */
  async search({ which }, { signal, onProgress }) {
    return { result: await (await theBench()).experiment.hunt(which).search(signal, onProgress) };
  },

  /** @param {{which: string, own: Uint8Array | null}} request @param {Around} around */
  async strip({ which, own }, { signal, onProgress }) {
    return { result: await (await theBench()).experiment.hunt(which).strip(own, signal, onProgress) };
  },

  /** @param {{which: Which}} request */
  async clusters({ which }) {
    return { result: await (await theBench()).experiment.clusters(which) };
  },

  /** @param {{which: string}} request */
  async prune({ which }) {
    return { result: await (await theBench()).experiment.hunt(which).prune() };
  },

  /** @param {{which: string}} request @param {Around} around */
  async tune({ which }, { signal, onProgress }) {
    return { result: await (await theBench()).experiment.hunt(which).tune(signal, onProgress) };
  },

  /** The networks as a ZIP archive. @param {{which: Which[]}} request */
  async take({ which }) {
    const { card, own, template, experiment } = await theBench();
    const networks = [];
    for (const each of which) networks.push(await experiment.network(each));
    const result = await takeaway(card, template, networks, own);
    return { result, transfer: [result.buffer] };
  },

  /** @param {{which: Which}} request */
  async values({ which }) {
    return { result: (await theBench()).experiment.values(which) };
  },
};
