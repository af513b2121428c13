/** The lab's files and graphs in Node, for its tests. */

import { readFileSync } from "node:fs";
import * as ort from "onnxruntime-web";
import { inflated } from "../../../site_assets/widgets/lab/bytes.mjs";
import { unpack } from "../../../site_assets/widgets/lab/digits.mjs";
import { Experiment } from "../../../site_assets/widgets/lab/experiment.mjs";
import { Graphs } from "../../../site_assets/widgets/lab/network.mjs";

ort.env.wasm.numThreads = 1;
ort.env.logLevel = "error";

const FOLDER = new URL("../../../site_assets/lab/", import.meta.url);
/** Of a lab that an author has made, see `tests/export/release/own_lab.py`. */
export const OWN = new URL("../../golden/own-lab/", import.meta.url);

/** @param {URL} [folder] */
export function openCard(folder = FOLDER) {
  return JSON.parse(readFileSync(new URL("lab.json", folder), "utf8"));
}

export const CARD = openCard();
export const GOLDEN = JSON.parse(readFileSync(new URL("../../golden/lab.json", import.meta.url), "utf8"));

/** @param {URL} [folder] */
export function openData(folder = FOLDER) {
  const { data } = openCard(folder);
  return unpack(readFileSync(new URL(data.name, folder)), data);
}

/** The graphs of the lab's network, or of another on its card. @param {any} [of] @param {URL} [folder] */
export async function openGraphs(of = CARD, folder = FOLDER) {
  const open = (/** @type {{name: string}} */ { name }) =>
    ort.InferenceSession.create(readFileSync(new URL(name, folder)));
  const [train, evaluate, search] = [await open(of.train), await open(of.evaluate), await open(of.search)];
  const batches = { train: of.train.batch, evaluate: of.evaluate.batch, search: of.search.batch };
  return new Graphs(ort, { train, evaluate, search }, batches);
}

export function openTemplate() {
  return inflated(readFileSync(new URL(CARD.template.name, FOLDER)));
}

/** An experiment whose two networks learn these parameters in one step. @param {Float32Array} values */
export async function withParameters(values) {
  const real = await openGraphs();
  const graphs = {
    batches: real.batches,
    /** @type {typeof real.answers} */
    answers: (...given) => real.answers(...given),
    step: async (/** @type {object} */ state) => ({ state: { ...state, values }, loss: 0 }),
  };
  const experiment = new Experiment(CARD, await openData(), /** @type {any} */ (graphs), async () => {});
  experiment.begin({ ...CARD.recipe, training: { ...CARD.recipe.training, epochs: 1 } });
  await experiment.train({ aborted: false }, () => {});
  return experiment;
}
