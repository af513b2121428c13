/**
 * The game's networks, as their file holds them: the twin of `export/release/game_files.py`.
 * @module
 */

import { inflated } from "./bytes.mjs";
import { product } from "./network.mjs";

/** @typedef {import("./network.mjs").Parameter} Parameter */

/**
 * @param {Uint8Array} packed the file
 * @param {Parameter[]} parameters of each network
 * @returns {Promise<Float32Array[]>} the parameters' values
 * @throws {RangeError} if the file does not end with a network
 */
export async function unpackNetworks(packed, parameters) {
  const view = new DataView((await inflated(packed)).buffer);
  const size = parameters.reduce((sum, { shape }) => sum + product(shape), 0);
  const found = [];
  for (let at = 0; at < view.byteLength; ) {
    const values = new Float32Array(size);
    let filled = 0;
    for (const { shape } of parameters) {
      const rows = Array.from({ length: shape[0] }, (_, row) => view.getFloat32(at + 4 * row, true));
      at += 4 * rows.length;
      if (shape.length === 1) {
        values.set(rows, filled);
      } else {
        const width = product(shape.slice(1));
        for (let i = 0; i < rows.length * width; i++) {
          values[filled + i] = rows[Math.floor(i / width)] * view.getInt8(at + i);
        }
        at += rows.length * width;
      }
      filled += product(shape);
    }
    found.push(values);
  }
  return found;
}
