/** Where onnxruntime-web's files are: beside the widgets. */

/** @typedef {import("./published.mjs").Published} Published */
/** @typedef {{api: string, glue: string, code: string}} Build its modules, and its machine code */
/** @typedef {Record<keyof Build, Published>} RuntimeFiles */

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

const WHAT = "the neural-network runtime";

/**
 * One of a build's files, to be fetched.
 *
 * @param {keyof typeof BUILDS} runtime
 * @param {keyof Build} part
 * @param {RuntimeFiles} files
 */
export function runtimeFile(runtime, part, files) {
  return { url: new URL(BUILDS[runtime][part], FOLDER).href, what: WHAT, ...files[part] };
}

/**
 * Sizes and hashes of a build's files.
 *
 * @param {keyof typeof BUILDS} runtime
 * @param {(address: string, what: string) => Published} published looks a file up
 * @returns {RuntimeFiles}
 */
export function runtimeFiles(runtime, published) {
  const { api, glue, code } = BUILDS[runtime];
  const look = (/** @type {string} */ name) => published(`ort/${name}`, WHAT);
  return { api: look(api), glue: look(glue), code: look(code) };
}
