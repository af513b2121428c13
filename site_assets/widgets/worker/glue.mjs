/**
 * What onnxruntime-web imports as its own glue code: the same, but with machine code that is compiled already. Its fetch
 * streams, is checked against a hash, and is kept (see `ort.mjs`); and its memory is bounded.
 */

import { BUILDS, FOLDER } from "../core/runtime.mjs";
import { boundMemory } from "./memory.mjs";

/** @typedef {{module: WebAssembly.Module, runtime: keyof typeof BUILDS}} Compiled */
/** @type {Compiled | null} */
let compiled = null;

/** @param {Compiled} given */
export function provide(given) {
  compiled = given;
}

/**
 * @typedef {(instance: WebAssembly.Instance, module: WebAssembly.Module) => void} Receive
 */

/** @param {object} options Emscripten's, of which there is one of ours */
export default async function start(options) {
  const { module, runtime } = /** @type {Compiled} */ (compiled);
  const { default: original } = await import(new URL(BUILDS[runtime].glue, FOLDER).href);
  const instantiateWasm = async (/** @type {WebAssembly.Imports} */ imports, /** @type {Receive} */ receive) => {
    receive(await WebAssembly.instantiate(module, imports), module);
  };
  boundMemory();
  return original({ ...options, instantiateWasm });
}
