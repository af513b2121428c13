/**
 * What onnxruntime-web imports as its own glue code: the same, but with machine code that is compiled already. Its fetch
 * streams, is checked against a hash, and is kept (see `ort.mjs`).
 */

import { FOLDER } from "../core/runtime.mjs";

/** @type {WebAssembly.Module | null} */
let compiled = null;

/** @param {WebAssembly.Module} module */
export function provide(module) {
  compiled = module;
}

/**
 * @typedef {(instance: WebAssembly.Instance, module: WebAssembly.Module) => void} Receive
 */

/** @param {object} options Emscripten's, of which there is one of ours */
export default async function start(options) {
  const { default: original } = await import(new URL("ort-wasm-simd-threaded.mjs", FOLDER).href);
  const instantiateWasm = async (/** @type {WebAssembly.Imports} */ imports, /** @type {Receive} */ receive) => {
    const module = /** @type {WebAssembly.Module} */ (compiled);
    receive(await WebAssembly.instantiate(module, imports), module);
  };
  return original({ ...options, instantiateWasm });
}
