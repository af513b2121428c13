/** The lab's card, data and graphs in the worker: fetched once, and the experiment that is on it. */

import { following } from "../../core/abort.mjs";
import { fetchVerified } from "../../core/fetch.mjs";
import { WidgetError } from "../../core/messages.mjs";
import { inflated } from "../../lab/bytes.mjs";
import { unpack } from "../../lab/digits.mjs";
import { Experiment } from "../../lab/experiment.mjs";
import { Graphs } from "../../lab/network.mjs";
import { readyTrigger } from "../../triggers/registry.mjs";
import { Meter } from "../meter.mjs";
import { loadRuntime, requireWebAssembly, startSession } from "../ort.mjs";

/** @typedef {{card: import("../../core/published.mjs").Published & {url?: string}, runtime: import("../../core/runtime.mjs").RuntimeFiles}} Published what the page knows of the files */
/** @typedef {{name: string, bytes: number, sha256: string}} File */
/** @typedef {File & {batch: number}} Graph */
/** @typedef {{name: string, trigger: import("../../triggers/registry.mjs").Trigger}} Exhibit */
/** @typedef {{train: Graph, evaluate: Graph, search: Graph}} GraphFiles */
/** @typedef {GraphFiles & {networks: Record<string, GraphFiles & {parameters: import("../../lab/network.mjs").Parameter[]}>, template: File, data: File & import("../../lab/digits.mjs").Layout, gallery: Exhibit[]}} Files */
/** @typedef {import("../../lab/experiment.mjs").Card & import("../../lab/takeaway.mjs").LabCard & Files} LabCard */
/** @typedef {{card: LabCard, own: string | null, template: Uint8Array, data: Record<import("../../lab/digits.mjs").Split, import("../../lab/digits.mjs").Samples>, graphs: Graphs, experiment: Experiment}} Bench `own`: address of an author's card */

/** Of the lab’s files. */
export const FOLDER = new URL("../../../lab/", import.meta.url);

/** @type {Promise<Bench> | null} */
let bench = null;

/**
 * @param {Published} published
 * @param {AbortSignal} signal
 * @param {(progress: import("../meter.mjs").Progress) => void} onProgress
 * @returns {Promise<Bench>}
 * @throws {WidgetError}
 */
export async function openBench(published, signal, onProgress) {
  bench ??= open(published, signal, onProgress);
  const mine = bench;
  try {
    return await mine;
  } catch (error) {
    if (bench === mine) bench = null;
    throw error;
  }
}

/** The open one. */
export async function theBench() {
  if (!bench) throw new WidgetError("internal", { found: "the lab was asked before it was open" });
  return bench;
}

/** @param {Published} published @param {AbortSignal} signal @param {(progress: import("../meter.mjs").Progress) => void} onProgress */
async function open(published, signal, onProgress) {
  requireWebAssembly();
  const asked = { url: new URL("lab.json", FOLDER).href, what: "the lab’s card", ...published.card };
  const text = await fetchVerified(asked, { signal });
  /** @type {LabCard} */
  const card = JSON.parse(new TextDecoder().decode(text));
  const meter = new Meter(onProgress);
  meter.expect("runtime", published.runtime.code.bytes);
  const downloads = following(signal); // One failure ends the others too.
  const fetched = [card.train, card.evaluate, card.search, card.template, card.data].map(({ name, bytes, sha256 }) => {
    meter.expect(name, bytes);
    const file = { url: new URL(name, asked.url).href, what: "a file of the lab", bytes, sha256 };
    return fetchVerified(file, { signal: downloads.signal, onProgress: meter.of(name) });
  });
  const runtime = loadRuntime(downloads.signal, meter.of("runtime"), { files: published.runtime });
  const [ort, train, evaluate, search, template, digits] = await Promise.all([runtime, ...fetched]).catch((error) => {
    downloads.abort();
    throw error;
  });
  meter.post("start");
  const graphs = await startGraphs(ort, card, { train, evaluate, search });
  const data = await unpack(digits, card.data);
  await Promise.all(card.gallery.map(({ trigger }) => readyTrigger(trigger)));
  const experiment = new Experiment(card, data, graphs, breathe);
  return { card, own: published.card.url ?? null, template: await inflated(template), data, graphs, experiment };
}

/**
 * Open the computations for a kind of network.
 *
 * @param {import("../ort.mjs").Ort} ort
 * @param {GraphFiles} files
 * @param {Record<keyof GraphFiles, Uint8Array>} contents
 */
export async function startGraphs(ort, files, contents) {
  const start = (/** @type {Uint8Array} */ content) =>
    startSession(ort, /** @type {any} */ ({ shared: null }), [content]);
  const sessions = {
    train: await start(contents.train),
    evaluate: await start(contents.evaluate),
    search: await start(contents.search),
  };
  const batches = { train: files.train.batch, evaluate: files.evaluate.batch, search: files.search.batch };
  return new Graphs(ort, sessions, batches);
}

const channel = new MessageChannel();
/** Those who wait for their turn. @type {(() => void)[]} */
const waiting = [];
channel.port1.onmessage = () => waiting.shift()?.();

/** Let messages of the page have their turn; a timer would wait for milliseconds. @returns {Promise<void>} */
export function breathe() {
  return new Promise((resolve) => {
    waiting.push(resolve);
    channel.port2.postMessage(null);
  });
}
