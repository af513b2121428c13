/**
 * The lab's network: one vector of parameters, and the graphs that train it, ask it and search triggers in it.
 * @module
 */

import { AREA, SIDE } from "./digits.mjs";
import { ORDERS, Portable, WEIGHTS } from "./portable.mjs";

/** @typedef {import("./digits.mjs").Samples} Samples */
/** @typedef {typeof import("onnxruntime-web")} Ort */
/** @typedef {import("onnxruntime-web").InferenceSession} Session */
/** @typedef {import("onnxruntime-web").Tensor} Tensor */
/** @typedef {{name: string, shape: number[]}} Parameter */
/** @typedef {{train: Session, evaluate: Session, search: Session}} Sessions */
/** @typedef {{train: number, evaluate: number, search: number}} Batches images that each graph takes */
/** @typedef {{logits: Float32Array, features: Float32Array}} Answers row by row */
/** @typedef {{values: Float32Array, first: Float32Array, second: Float32Array, steps: number}} Adam its state */
/** @typedef {{trigger: Float32Array, size: number, success: number}} Tried mask and pattern before the step, 0 to 1 */

/**
 * A network's first parameters: uniform within ±1/sqrt(inputs of a unit); the twin of `training/models/portable.py`.
 *
 * @param {Parameter[]} parameters
 * @param {number} seed
 */
export function initial(parameters, seed) {
  const rng = new Portable(seed, WEIGHTS);
  const sizes = parameters.map(({ shape }) => product(shape));
  const values = new Float32Array(sizes.reduce((sum, size) => sum + size, 0));
  let [at, reach] = [0, 0];
  for (const [i, { shape }] of parameters.entries()) {
    if (shape.length > 1) reach = 1 / Math.sqrt(product(shape.slice(1))); // A bias has the bound of its weights.
    for (let k = 0; k < sizes[i]; k++) values[at++] = (2 * rng.uniform() - 1) * reach;
  }
  return values;
}

/** How many numbers a tensor has. @param {number[]} shape */
export function product(shape) {
  return shape.reduce((all, length) => all * length, 1);
}

/** The order of the samples in an epoch. @param {number} seed @param {number} epoch from 1 @param {number} samples */
export function orderOf(seed, epoch, samples) {
  return new Portable(seed, ORDERS + epoch).permutation(samples);
}

/** How slowly the two means of Adam follow: for parameters, and for a trigger. */
const BETAS = { train: [0.9, 0.999], search: [0.5, 0.9] };
/** For a trigger: Adam's learning rate, and what is added to a gradient's size. */
const SEARCH_RATE = 0.1;
const SEARCH_EPSILON = 1e-8;

/** Before the first step. @param {Float32Array} values @returns {Adam} */
export function fresh(values) {
  return { values, first: new Float32Array(values.length), second: new Float32Array(values.length), steps: 0 };
}

/** The graphs, with their sessions open. */
export class Graphs {
  #ort;
  #sessions;
  batches;

  /** @param {Ort} ort @param {Sessions} sessions @param {Batches} batches */
  constructor(ort, sessions, batches) {
    this.#ort = ort;
    this.#sessions = sessions;
    this.batches = batches;
  }

  /** @param {number} value */
  #number(value) {
    return new this.#ort.Tensor("float32", Float32Array.of(value), []);
  }

  /**
   * Adam's state and, computed in double precision, what corrects the bias of its means.
   *
   * @param {Adam} state
   * @param {keyof typeof BETAS} kind
   * @param {number} rate
   * @param {number} epsilon
   * @param {number[]} [dims]
   */
  #adam({ first, second, steps }, kind, rate, epsilon, dims) {
    const [one, other] = BETAS[kind].map((beta) => 1 - beta ** (steps + 1));
    return {
      first: this.#floats(first, dims),
      second: this.#floats(second, dims),
      rate: this.#number(rate / one),
      root: this.#number(Math.sqrt(other)),
      epsilon: this.#number(epsilon),
    };
  }

  /** @param {Float32Array} values @param {number[]} [dims] */
  #floats(values, dims = [values.length]) {
    return new this.#ort.Tensor("float32", values, dims);
  }

  /** @param {Uint8Array} images */
  #images(images) {
    return new this.#ort.Tensor("uint8", images, [images.length / AREA, SIDE, SIDE]);
  }

  /**
   * One step of training.
   *
   * @param {Adam} state
   * @param {Samples} samples
   * @param {ArrayLike<number>} which of them, as many as a batch has
   * @param {{learning_rate: number, epsilon: number}} training
   * @returns {Promise<{state: Adam, loss: number}>}
   */
  async step(state, samples, which, { learning_rate: rate, epsilon }) {
    const images = new Uint8Array(which.length * AREA);
    const labels = new BigInt64Array(which.length);
    for (let row = 0; row < which.length; row++) {
      images.set(samples.images.subarray(which[row] * AREA, (which[row] + 1) * AREA), row * AREA);
      labels[row] = BigInt(samples.labels[which[row]]);
    }
    const made = await this.#sessions.train.run({
      parameters: this.#floats(state.values),
      ...this.#adam(state, "train", rate, epsilon),
      images: this.#images(images),
      labels: new this.#ort.Tensor("int64", labels, [labels.length]),
    });
    const next = {
      values: floats(made.new_parameters),
      first: floats(made.new_first),
      second: floats(made.new_second),
      steps: state.steps + 1,
    };
    return { state: next, loss: floats(made.loss)[0] };
  }

  /**
   * What a network says of images. The last batch is filled up with black ones.
   *
   * @param {Float32Array} values its parameters
   * @param {Uint8Array} images
   * @param {() => Promise<void>} [pause] between two batches
   * @returns {Promise<Answers>}
   */
  async answers(values, images, pause) {
    const count = images.length / AREA;
    const batch = this.batches.evaluate;
    const parameters = this.#floats(values);
    /** @type {Answers} */
    const found = { logits: new Float32Array(0), features: new Float32Array(0) };
    for (let start = 0; start < count; start += batch) {
      const here = Math.min(batch, count - start);
      const part = new Uint8Array(batch * AREA);
      part.set(images.subarray(start * AREA, (start + here) * AREA));
      const made = await this.#sessions.evaluate.run({ parameters, images: this.#images(part) });
      for (const name of /** @type {const} */ (["logits", "features"])) {
        const values = floats(made[name]);
        const width = values.length / batch;
        if (found[name].length === 0) found[name] = new Float32Array(count * width);
        found[name].set(values.subarray(0, here * width), start * width);
      }
      await pause?.();
    }
    return found;
  }

  /**
   * One step of the search for a trigger.
   *
   * @param {Float32Array} values the network's parameters
   * @param {Uint8Array} images as many as a batch has
   * @param {Adam} state of mask and pattern
   * @param {number} target
   * @param {number} weight of the mask's size
   * @returns {Promise<{state: Adam, tried: Tried}>}
   */
  async search(values, images, state, target, weight) {
    const dims = [2, SIDE, SIDE];
    const made = await this.#sessions.search.run({
      parameters: this.#floats(values),
      images: this.#images(images),
      unbounded: this.#floats(state.values, dims),
      ...this.#adam(state, "search", SEARCH_RATE, SEARCH_EPSILON, dims),
      target: new this.#ort.Tensor("int64", BigInt64Array.of(BigInt(target)), []),
      weight: this.#number(weight),
    });
    return {
      state: {
        values: floats(made.new_unbounded),
        first: floats(made.new_first),
        second: floats(made.new_second),
        steps: state.steps + 1,
      },
      tried: { trigger: floats(made.trigger), size: floats(made.size)[0], success: floats(made.success)[0] },
    };
  }
}

/** @param {Tensor} tensor */
function floats(tensor) {
  return /** @type {Float32Array} */ (tensor.data);
}

/** The class of each row's largest logit. @param {Float32Array} logits @param {number} classes */
export function answersOf(logits, classes) {
  const found = new Uint8Array(logits.length / classes);
  for (let row = 0; row < found.length; row++) {
    for (let c = 1; c < classes; c++) {
      if (logits[row * classes + c] > logits[row * classes + found[row]]) found[row] = c;
    }
  }
  return found;
}

/** The fraction of rows whose answer is their label. @param {Float32Array} logits @param {Uint8Array} labels */
export function accuracy(logits, labels) {
  const found = answersOf(logits, logits.length / labels.length);
  return labels.reduce((right, label, row) => right + Number(found[row] === label), 0) / labels.length;
}

/** What one of the lab's networks is called once it is trained: as that, it stays when others are begun. @param {string} which */
export const lastOf = (which) => `last ${which}`;
