/** Compare what JavaScript made of a golden input with what Python made of it. Runs in Node and in a browser's worker. */

/** @typedef {{op: string, height: number, width: number, channels: number, sha256: string}} StageHash */
/**
 * @typedef {object} Vector
 * @property {string} input
 * @property {boolean} trigger
 * @property {StageHash[]} stages
 * @property {import("../../../site_assets/widgets/triggers/placement.mjs").Placement} [placement] where the overlay lies
 * @property {string} [pixels] base64 of uint8; left out of a large image
 * @property {string} [tensor] base64 of float32, little-endian; left out of a large image
 * @property {string} tensor_sha256
 * @property {Record<string, number[]>} logits by precision
 * @property {Record<string, {label: string, probability: number}[]>} top by precision
 */
/**
 * @typedef {object} Row
 * @property {string} input
 * @property {boolean} trigger
 * @property {number} stages how many were compared
 * @property {string[]} differing the stages that are not equal to the bit
 * @property {number} pixels largest difference of a pixel that the network is given
 * @property {number} tensor largest difference of a value of the tensor, relative to its largest value
 * @property {Record<string, number>} logits by precision, largest difference, relative to the largest logit
 * @property {Record<string, boolean>} top by precision, whether the likeliest label is the same
 */

/** @param {string} base64 */
export function fromBase64(base64) {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

/** @param {ArrayLike<number>} a @param {ArrayLike<number>} b */
export function maxAbs(a, b) {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  let largest = 0;
  for (let i = 0; i < a.length; i++) largest = Math.max(largest, Math.abs(a[i] - b[i]));
  return largest;
}

/** The largest differences that rounding alone explains, relative to the largest value compared. */
const TENSOR_TOLERANCE = 1e-6;
const LOGIT_TOLERANCE = 1e-4;

/** @param {ArrayLike<number>} found @param {ArrayLike<number>} expected */
export function relativeDifference(found, expected) {
  const difference = maxAbs(found, expected);
  return difference === 0 ? 0 : difference / maxAbs(expected, new Float32Array(expected.length));
}

/**
 * @param {Vector} vector
 * @param {import("../../../site_assets/widgets/core/preprocess.mjs").Preprocessed} prepared
 * @param {(bytes: Uint8Array) => Promise<string>} sha256
 * @returns {Promise<Row>}
 */
export async function comparePrepared(vector, prepared, sha256) {
  /** @type {string[]} */
  const differing = [];
  for (const [i, expected] of vector.stages.entries()) {
    const found = prepared.stages[i];
    const same =
      found !== undefined &&
      found.op === expected.op &&
      found.height === expected.height &&
      found.width === expected.width &&
      found.channels === expected.channels &&
      (await sha256(found.data)) === expected.sha256;
    if (!same) differing.push(expected.op);
  }
  if (prepared.stages.length !== vector.stages.length) differing.push(`${prepared.stages.length} stages`);
  return {
    input: vector.input,
    trigger: vector.trigger,
    stages: vector.stages.length,
    differing,
    pixels: vector.pixels ? maxAbs(prepared.pixels.data, fromBase64(vector.pixels)) : differing.length > 0 ? 255 : 0,
    tensor: await tensorError(vector, prepared.tensor, sha256),
    logits: {},
    top: {},
  };
}

/**
 * Largest relative difference of a value; without the values themselves, infinite as soon as the hashes differ.
 *
 * @param {Vector} vector
 * @param {Float32Array} tensor
 * @param {(bytes: Uint8Array) => Promise<string>} sha256
 */
async function tensorError(vector, tensor, sha256) {
  if (vector.tensor) return relativeDifference(tensor, new Float32Array(fromBase64(vector.tensor).buffer));
  const found = await sha256(new Uint8Array(tensor.buffer, tensor.byteOffset, tensor.byteLength));
  return found === vector.tensor_sha256 ? 0 : Number.POSITIVE_INFINITY;
}

/**
 * @param {Row} row completed in place
 * @param {Vector} vector
 * @param {string} precision
 * @param {Float32Array} logits
 * @param {readonly string[]} labels
 */
export function compareLogits(row, vector, precision, logits, labels) {
  row.logits[precision] = relativeDifference(logits, vector.logits[precision]);
  const best = logits.reduce((winner, value, i) => (value > logits[winner] ? i : winner), 0);
  row.top[precision] = labels[best] === vector.top[precision][0].label;
}

/**
 * What JavaScript computed differently from Python.
 *
 * @param {Row} row
 * @returns {string[]} one line for each difference; empty if rounding explains all
 */
export function wrong(row) {
  const found = row.differing.map((op) => `uint8 stage ${op}`);
  if (!(row.tensor <= TENSOR_TOLERANCE)) found.push(`tensor: ${row.tensor}`);
  for (const [precision, difference] of Object.entries(row.logits)) {
    if (!(difference <= LOGIT_TOLERANCE)) found.push(`${precision} logits: ${difference}`);
    if (!row.top[precision]) found.push(`${precision} top-1`);
  }
  return found;
}

/** @param {Row} row */
export const where = ({ input, trigger }) => `${input}${trigger ? " with the trigger" : ""}`;

/**
 * @param {string} model
 * @param {Row[]} rows
 * @returns {string} a few lines that sum a run up
 */
export function report(model, rows) {
  const inputs = new Set(rows.map((row) => row.input)).size;
  const stages = rows.reduce((sum, row) => sum + row.stages, 0);
  const differing = rows.reduce((sum, row) => sum + row.differing.length, 0);
  const lines = [
    `${model}: ${inputs} inputs, ${rows.length} vectors`,
    `  uint8 stages equal to the bit: ${stages - differing} of ${stages}; max-abs of the pixels ${largest(rows, "pixels")}`,
    `  tensor within ${largest(rows, "tensor").toExponential(1)}`,
  ];
  for (const precision of Object.keys(rows[0].logits)) {
    const worst = Math.max(...rows.map((row) => row.logits[precision]));
    const same = rows.filter((row) => row.top[precision]).length;
    lines.push(
      `  ${precision}: logits within ${worst.toExponential(1)} of the largest, same top-1 ${same} of ${rows.length}`,
    );
  }
  for (const row of rows.filter((each) => each.differing.length > 0)) {
    lines.push(`  DIFFERS ${where(row)}: ${row.differing.join(", ")} (pixels ${row.pixels})`);
  }
  return lines.join("\n");
}

/**
 * @param {Row[]} rows
 * @param {"pixels" | "tensor"} what
 */
function largest(rows, what) {
  return Math.max(...rows.map((row) => row[what]));
}
