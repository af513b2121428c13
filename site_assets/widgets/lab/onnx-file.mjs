/**
 * A trained network as an ONNX file: the template that Python exported (`export/onnx/graphs/template.py`), with the
 * network's weights and with metadata.
 * @module
 */

import { concatenated } from "./bytes.mjs";

/** In ONNX's protobuf: a model's field 14, an entry of it, its key and its value; each has a length. */
const METADATA = (14 << 3) | 2;
const [KEY, VALUE] = [(1 << 3) | 2, (2 << 3) | 2];

/** @typedef {{offsets: number[]}} Template where each parameter begins, in bytes */

/**
 * @param {Uint8Array} template unpacked
 * @param {Template} layout
 * @param {number[]} sizes of the parameters
 * @param {Float32Array} values all parameters, one after the other
 * @param {Record<string, string>} metadata what the file says of itself
 */
export function onnxFile(template, { offsets }, sizes, values, metadata) {
  const file = template.slice();
  let at = 0;
  for (const [which, size] of sizes.entries()) {
    const part = values.subarray(at, at + size);
    file.set(new Uint8Array(part.buffer, part.byteOffset, part.byteLength), offsets[which]);
    at += size;
  }
  const entries = Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1));
  return concatenated([
    file,
    ...entries.map(([key, value]) => field(METADATA, field(KEY, utf8(key)), field(VALUE, utf8(value)))),
  ]);
}

/** @param {number} tag @param {Uint8Array[]} content */
function field(tag, ...content) {
  const inner = concatenated(content);
  const head = [tag];
  let rest = inner.length;
  for (; rest > 127; rest >>>= 7) head.push((rest & 127) | 128);
  return concatenated([Uint8Array.from([...head, rest]), inner]);
}

const utf8 = (/** @type {string} */ text) => new TextEncoder().encode(text);
