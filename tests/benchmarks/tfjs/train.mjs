/**
 * A training step of the lab's network beside TensorFlow.js, in Node on one thread, in one run:
 *
 *     npm ci --prefix tests/benchmarks/tfjs && node tests/benchmarks/tfjs/train.mjs --out FILE
 *
 * Milliseconds, medians after the first steps. A backend that cannot train the network is written down with what it says.
 * FILE is the lab's study; the result is its key `tensorflow`.
 */

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { cpus } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { train } from "../../../site_assets/widgets/lab/training.mjs";
import { CARD, openData, openGraphs } from "../../widgets/lab/open-lab.mjs";

const STEPS = 40;
/** Until engines have compiled what runs often. */
const WARM_UP = 20;
const SIDE = 28;

const { values } = parseArgs({ options: { out: { type: "string" } } });
if (!values.out) {
  console.error("node tests/benchmarks/tfjs/train.mjs --out FILE");
  process.exit(1);
}
const load = createRequire(import.meta.url);
const { version } = load("@tensorflow/tfjs/package.json");
const { training: samples } = await openData();
const { training, seed } = CARD.recipe;

/** @param {number[]} found */
function median(found) {
  const sorted = found.slice(WARM_UP).sort((a, b) => a - b);
  return sorted[sorted.length >> 1];
}

async function ours() {
  const steps = train(await openGraphs(), samples, { parameters: CARD.parameters, seed, training });
  const found = [];
  for (let step = 0; step < STEPS; step++) {
    const began = performance.now();
    await steps.next();
    found.push(performance.now() - began);
  }
  return median(found);
}

/** The same network, optimiser and batch. @param {any} tf */
function network(tf) {
  const { layers } = tf;
  const convolution = { kernelSize: 5, strides: 2, padding: "same", activation: "relu" };
  const made = tf.sequential({
    layers: [
      layers.conv2d({ ...convolution, filters: 8, inputShape: [SIDE, SIDE, 1] }),
      layers.conv2d({ ...convolution, filters: 16 }),
      layers.flatten(),
      layers.dense({ units: 64, activation: "relu" }),
      layers.dense({ units: CARD.labels.length, activation: "softmax" }),
    ],
  });
  made.compile({
    optimizer: tf.train.adam(training.learning_rate, 0.9, 0.999, training.epsilon),
    loss: "sparseCategoricalCrossentropy",
  });
  return made;
}

/** @param {string} backend */
async function theirs(backend) {
  const tf = load("@tensorflow/tfjs");
  if (backend === "wasm") {
    const wasm = load("@tensorflow/tfjs-backend-wasm");
    wasm.setWasmPaths(join(dirname(load.resolve("@tensorflow/tfjs-backend-wasm/package.json")), "dist/"));
    wasm.setThreadsCount(1);
  }
  try {
    if (!(await tf.setBackend(backend))) throw new Error("the backend does not start");
    await tf.ready();
    const model = network(tf);
    const size = training.batch_size;
    const images = tf.tensor4d(
      Float32Array.from(samples.images.subarray(0, size * SIDE * SIDE), (value) => value / 255),
      [size, SIDE, SIDE, 1],
    );
    const labels = tf.tensor1d(Float32Array.from(samples.labels.subarray(0, size)));
    const found = [];
    for (let step = 0; step < STEPS; step++) {
      const began = performance.now();
      await model.trainOnBatch(images, labels);
      found.push(performance.now() - began);
    }
    return { milliseconds: median(found) };
  } catch (error) {
    return { cannot: String(/** @type {Error} */ (error).message).split("\n")[0] };
  }
}

const report = existsSync(values.out) ? JSON.parse(readFileSync(values.out, "utf8")) : {};
report.tensorflow = {
  version,
  cpu: cpus()[0].model.trim(),
  node: process.version,
  ours: await ours(),
  cpuBackend: await theirs("cpu"),
  wasmBackend: await theirs("wasm"),
};
console.log(JSON.stringify(report.tensorflow));
writeFileSync(values.out, `${JSON.stringify(report, null, 2)}\n`);
