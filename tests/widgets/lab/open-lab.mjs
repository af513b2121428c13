/** The lab's files and graphs in Node, for its tests. */

import { readFileSync } from "node:fs";
import * as ort from "onnxruntime-web";
import { unpack } from "../../../site_assets/widgets/lab/digits.mjs";
import { Graphs } from "../../../site_assets/widgets/lab/network.mjs";

ort.env.wasm.numThreads = 1;
ort.env.logLevel = "error";

const FOLDER = new URL("../../../site_assets/lab/", import.meta.url);
/** @param {string} name */
const file = (name) => readFileSync(new URL(name, FOLDER));

export const CARD = JSON.parse(file("lab.json").toString());
export const GOLDEN = JSON.parse(readFileSync(new URL("../../golden/lab.json", import.meta.url), "utf8"));

export function openData() {
  return unpack(file(CARD.data.name), CARD.data);
}

export async function openGraphs() {
  const open = (/** @type {{name: string}} */ { name }) => ort.InferenceSession.create(file(name));
  const [train, evaluate, search] = [await open(CARD.train), await open(CARD.evaluate), await open(CARD.search)];
  const batches = { train: CARD.train.batch, evaluate: CARD.evaluate.batch, search: CARD.search.batch };
  return new Graphs(ort, { train, evaluate, search }, batches);
}
