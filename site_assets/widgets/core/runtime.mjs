/** Where onnxruntime-web's files are: beside the widgets, with a list of their sizes and hashes. */

import { fetchSmall } from "./fetch.mjs";

/** @typedef {{bytes: number, sha256: string}} RuntimeFile */
/** @typedef {{version: string, files: Record<string, RuntimeFile>}} Manifest */
/** @typedef {{api: string, glue: string, code: string}} Build its modules, and its machine code */

export const FOLDER = new URL("../../ort/", import.meta.url);

/** One for WebAssembly, and a larger one that can use WebGPU as well. @type {Record<"wasm" | "webgpu", Build>} */
export const BUILDS = {
  wasm: {
    api: "ort.wasm.min.mjs",
    glue: "ort-wasm-simd-threaded.mjs",
    code: "ort-wasm-simd-threaded.wasm",
  },
  webgpu: {
    api: "ort.webgpu.min.mjs",
    glue: "ort-wasm-simd-threaded.asyncify.mjs",
    code: "ort-wasm-simd-threaded.asyncify.wasm",
  },
};

/** @type {Promise<Manifest> | null} */
let manifest = null;

/**
 * Size and hash of a build's machine code, as they were when the site was built. All who ask share one small download, so
 * none of them can cancel it.
 *
 * @param {keyof typeof BUILDS} runtime
 * @returns {Promise<RuntimeFile>}
 */
export async function runtimeFile(runtime) {
  manifest ??= fetchSmall({
    url: new URL("runtime.json", FOLDER).href,
    what: "the runtime’s list of files",
  }).then((bytes) => JSON.parse(new TextDecoder().decode(bytes)));
  try {
    return (await manifest).files[BUILDS[runtime].code];
  } catch (error) {
    manifest = null;
    throw error;
  }
}

/**
 * A build's machine code, to be fetched.
 *
 * @param {keyof typeof BUILDS} runtime
 * @param {RuntimeFile} file
 */
export function runtimeCode(runtime, file) {
  return { url: new URL(BUILDS[runtime].code, FOLDER).href, what: "the neural-network runtime", ...file };
}
