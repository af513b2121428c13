/**
 * The weights in an ONNX file that this toolkit exported: the twin of `export/onnx/weights.py`. Of ONNX's protobuf it reads
 * the tensors that a graph holds.
 * @module
 */

import { product } from "./network.mjs";

/** @typedef {import("./network.mjs").Parameter} Parameter */
/** @typedef {{shape: number[], type: number, raw: Uint8Array}} Tensor */

/** Numbers of fields: of a model, its graph; of a graph, a tensor; and of a tensor. */
const GRAPH = 7;
const TENSOR = 5;
const [DIMS, TYPE, NAME, RAW] = [1, 2, 8, 9];
/** Types of a tensor's values. */
const [FLOAT32, INT8] = [1, 3];
/** How a field's content is written. */
const [VARINT, EIGHT_BYTES, WITH_LENGTH, FOUR_BYTES] = [0, 1, 2, 5];

/**
 * A network's parameters as one vector: those that are stored as int8 as the floats that they mean.
 *
 * @param {Uint8Array} file
 * @param {Parameter[]} parameters those of the architecture
 * @throws {RangeError} if the file is damaged, or has other tensors
 */
export function parametersIn(file, parameters) {
  const tensors = tensorsOf(file);
  const values = new Float32Array(parameters.reduce((sum, { shape }) => sum + product(shape), 0));
  let at = 0;
  for (const { name, shape } of parameters) {
    const part = floatsOf(tensors, name, shape);
    values.set(part, at);
    at += part.length;
  }
  return values;
}

/** @param {Map<string, Tensor>} tensors @param {string} name @param {number[]} shape */
function floatsOf(tensors, name, shape) {
  const stored = valuesOf(tensors, name, shape, FLOAT32);
  if (stored) return new Float32Array(aligned(stored));
  const quantised = valuesOf(tensors, `${name}.int8`, shape, INT8);
  const scales = valuesOf(tensors, `${name}.scale`, shape.slice(0, 1), FLOAT32);
  if (!quantised || !scales) throw new RangeError(`it has no tensor ${name} of ${shape.join("x")}`);
  const each = new Float32Array(aligned(scales));
  const width = product(shape.slice(1));
  return Float32Array.from(new Int8Array(aligned(quantised)), (value, i) => value * each[Math.floor(i / width)]);
}

/** A copy, whose first byte is its buffer's: floats begin at multiples of four. @param {Uint8Array} bytes */
const aligned = (bytes) => new Uint8Array(bytes).buffer;

/**
 * @param {Map<string, Tensor>} tensors
 * @param {string} name
 * @param {number[]} shape
 * @param {number} type
 */
function valuesOf(tensors, name, shape, type) {
  const found = tensors.get(name);
  const bytes = product(shape) * (type === FLOAT32 ? 4 : 1);
  return found?.type === type && String(found.shape) === String(shape) && found.raw.length === bytes ? found.raw : null;
}

/** @param {Uint8Array} file @returns {Map<string, Tensor>} by name */
function tensorsOf(file) {
  const found = new Map();
  for (const graph of fields(file).filter(({ number }) => number === GRAPH)) {
    for (const tensor of fields(graph.content).filter(({ number }) => number === TENSOR)) {
      const inside = fields(tensor.content);
      const of = (/** @type {number} */ wanted) => inside.filter(({ number }) => number === wanted);
      const [name] = of(NAME);
      found.set(new TextDecoder().decode(name?.content), {
        shape: of(DIMS).map(({ value }) => value),
        type: of(TYPE)[0]?.value,
        raw: of(RAW)[0]?.content ?? new Uint8Array(),
      });
    }
  }
  return found;
}

/**
 * The fields of a message, in order.
 *
 * @param {Uint8Array} message
 * @throws {RangeError} if it ends within one
 */
function fields(message) {
  /** @type {{number: number, value: number, content: Uint8Array}[]} */
  const found = [];
  let at = 0;
  const varint = () => {
    let [value, place] = [0, 1];
    for (;;) {
      const byte = message[at++];
      if (byte === undefined) throw new RangeError("it ends too early");
      value += (byte & 127) * place;
      if (byte < 128) return value;
      place *= 128;
    }
  };
  while (at < message.length) {
    const tag = varint();
    const [number, kind] = [Math.floor(tag / 8), tag % 8];
    const value = kind === VARINT ? varint() : 0;
    /** @type {Record<number, () => number>} */
    const lengths = { [VARINT]: () => 0, [EIGHT_BYTES]: () => 8, [FOUR_BYTES]: () => 4, [WITH_LENGTH]: varint };
    const length = lengths[kind]?.() ?? Number.POSITIVE_INFINITY;
    if (at + length > message.length) throw new RangeError("it ends too early");
    found.push({ number, value, content: message.subarray(at, at + length) });
    at += length;
  }
  return found;
}
