/** What computes the answers: WebAssembly with one thread or more, or WebGPU. */

/** @typedef {{runtime: "wasm" | "webgpu", threads: number}} Backend */

/** Works everywhere, and is the smallest download. @type {Backend} */
export const DEFAULT = { runtime: "wasm", threads: 1 };
/** @type {Backend} */
export const WEBGPU = { runtime: "webgpu", threads: 1 };

const MOST_THREADS = 16;

/** As the page names it. @param {Backend} backend */
export function backendName({ runtime, threads }) {
  return runtime === "webgpu" ? "WebGPU" : `WebAssembly, ${threads} thread${threads === 1 ? "" : "s"}`;
}

/** As it is stored. @param {Backend} backend */
export function encodeBackend({ runtime, threads }) {
  return runtime === "webgpu" ? "webgpu" : `wasm-${threads}`;
}

/** @param {string | null} text @returns {Backend | null} */
export function decodeBackend(text) {
  if (text === "webgpu") return WEBGPU;
  const threads = Number(/^wasm-(\d{1,2})$/.exec(text ?? "")?.[1]);
  return threads >= 1 && threads <= MOST_THREADS ? { runtime: "wasm", threads } : null;
}
