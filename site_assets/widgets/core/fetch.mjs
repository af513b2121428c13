/**
 * Files over the network: streamed with progress, checked against their SHA-256, and kept in the browser's Cache by that
 * hash, so that a second visit needs no network.
 */

import { following } from "./abort.mjs";
import { WidgetError } from "./messages.mjs";
import { isHash, sha256 } from "./sha256.mjs";
import { Watchdog } from "./watchdog.mjs";

/**
 * @typedef {object} FileSpec
 * @property {string} url
 * @property {string} what what a reader calls it, for messages: "the clean network"
 * @property {number} bytes its size once decompressed; a server that compresses reports another one
 * @property {string} sha256
 */
/** @typedef {Pick<FileSpec, "url" | "what">} Unchecked a file of which no hash is known */
/**
 * @typedef {object} FetchOptions
 * @property {ReadableStream<Uint8Array> | null} [arriving] the file from the network, asked for already
 * @property {(loaded: number, cached: boolean) => void} [onProgress]
 * @property {(response: Response) => void} [onResponse] given a second copy of what arrives, as it arrives and unchecked;
 *   again if a damaged file is fetched anew
 * @property {string} [store] name of the cache
 * @property {AbortSignal} [signal]
 * @property {Cache | null} [cache]
 */

/** Apart, so that many cards and samples never push out the runtime and the networks. */
const VERIFIED = "onnx-widgets-1";
export const SMALL = "onnx-widgets-small-1";
/** In each of the two. */
const MAX_KEPT = 48;
/** Between two pieces of a download. */
export const STALL_S = 30;
/** Of a file whose size is not known: a sample. */
const MOST_BYTES = 64e6;
const NEVER = new AbortController().signal;

/**
 * @param {string} name
 * @returns {Promise<Cache | null>} null where there is none (an insecure page, a private window)
 */
async function openCache(name) {
  try {
    return (await globalThis.caches?.open(name)) ?? null;
  } catch {
    return null;
  }
}

/**
 * The cache's key of a file with that hash. It is never requested from the network.
 *
 * @param {string} hash
 * @param {string} url any address of the site
 */
export function cacheKey(hash, url) {
  return new URL(`/.onnx-widgets/${hash}`, url).href;
}

/**
 * @param {FileSpec} file
 * @param {FetchOptions} [options]
 * @returns {Promise<Uint8Array>}
 * @throws {WidgetError} unlisted, offline, network, stalled, missing, html, oversized, hash, cancelled
 */
export async function fetchVerified(file, options = {}) {
  requireHash(file);
  const cache = options.cache === undefined ? await openCache(options.store ?? VERIFIED) : options.cache;
  const kept = await fromCache(file, cache, options);
  if (kept) {
    options.onProgress?.(kept.length, true);
    return kept;
  }
  try {
    return await fetchChecked(file, "default", cache, options);
  } catch (error) {
    const isAnother = error instanceof WidgetError && ["hash", "oversized"].includes(error.code);
    if (!isAnother) throw error;
    return await fetchChecked(file, "reload", cache, options); // Past a damaged copy in the HTTP cache.
  }
}

/**
 * Check a file that the browser loads by itself. A damaged copy in the browser's HTTP cache is replaced, so that the browser
 * gets the one that was checked.
 *
 * @param {FileSpec} file
 * @param {AbortSignal} [signal]
 * @throws {WidgetError} what `fetchVerified` throws
 */
export async function checkFile(file, signal) {
  await fetchVerified(file, { cache: null, signal });
}

/** A file without a hash is refused: it could be any. @param {FileSpec} file */
function requireHash({ what, sha256 }) {
  if (!isHash(sha256)) throw new WidgetError("unlisted", { what });
}

/**
 * Ask for a file that another thread will read and check: see `arriving`.
 *
 * @param {FileSpec} file
 * @param {AbortSignal} signal
 * @returns {Promise<Response | null>} null if the browser keeps it already
 * @throws {WidgetError} offline, network, missing, html, cancelled
 */
export async function requestUnlessKept(file, signal) {
  const cache = await openCache(VERIFIED);
  const kept = await cache?.match(cacheKey(file.sha256, file.url));
  return kept ? null : request(file, signal);
}

/**
 * @param {FileSpec} file
 * @param {RequestCache} httpCache
 * @param {Cache | null} cache
 * @param {FetchOptions} options
 */
async function fetchChecked(file, httpCache, cache, options) {
  const { arriving, onProgress, onResponse } = options;
  const response =
    arriving && httpCache === "default" ? received(arriving, file) : await request(file, options.signal, httpCache);
  const copy = onResponse && copied(response, onResponse);
  const bytes = await read(response, file, file.bytes, { onProgress, copy });
  const found = await sha256(bytes);
  if (found !== file.sha256) throw new WidgetError("hash", { what: file.what, found, expected: file.sha256 });
  await keep(cache, cacheKey(file.sha256, file.url), bytes, response.headers.get("content-type"));
  return bytes;
}

/**
 * A second copy of what arrives. It ends with the first: two branches of one stream would be read on for each other.
 *
 * @param {Response} response
 * @param {(response: Response) => void} onResponse
 * @returns {ReadableStreamDefaultController<Uint8Array>}
 */
function copied({ headers }, onResponse) {
  /** @type {ReadableStreamDefaultController<Uint8Array> | undefined} */
  let copy;
  const stream = new ReadableStream({
    start(controller) {
      copy = controller;
    },
  });
  onResponse(new Response(stream, { headers: { "content-type": headers.get("content-type") ?? "" } }));
  return /** @type {ReadableStreamDefaultController<Uint8Array>} */ (copy);
}

/** @param {ReadableStream<Uint8Array>} stream @param {FileSpec} file */
function received(stream, { url }) {
  return new Response(stream, { headers: url.endsWith(".wasm") ? { "content-type": "application/wasm" } : {} });
}

/**
 * A small file whose address already changes with its content (a sample): the network first, then the cache.
 *
 * @param {Unchecked} file
 * @param {FetchOptions} [options]
 * @returns {Promise<Uint8Array>}
 */
export async function fetchSmall(file, options = {}) {
  const cache = options.cache === undefined ? await openCache(SMALL) : options.cache;
  try {
    const response = await request(file, options.signal);
    const bytes = await read(response, file, MOST_BYTES, options);
    await keep(cache, file.url, bytes, response.headers.get("content-type"));
    return bytes;
  } catch (error) {
    const unreachable = error instanceof WidgetError && ["offline", "network", "stalled"].includes(error.code);
    const kept = unreachable ? await cache?.match(file.url) : undefined;
    if (!kept) throw error;
    return new Uint8Array(await kept.arrayBuffer());
  }
}

/**
 * @param {FileSpec} file
 * @param {Cache | null} cache
 * @param {FetchOptions} options
 */
async function fromCache(file, cache, { onResponse }) {
  if (!cache) return null;
  const key = cacheKey(file.sha256, file.url);
  const kept = await cache.match(key);
  if (!kept) return null;
  onResponse?.(kept.clone());
  const bytes = new Uint8Array(await kept.arrayBuffer());
  if ((await sha256(bytes)) !== file.sha256) {
    await cache.delete(key); // Damaged on the disk: fetch it again.
    return null;
  }
  if (await ageing(cache, key)) await keep(cache, key, bytes, kept.headers.get("content-type"));
  return bytes;
}

/**
 * Whether a file is halfway to being the oldest. If it is used then, it is stored again as the newest; at
 * every visit that would write megabytes in vain.
 *
 * @param {Cache} cache
 * @param {string} key
 */
async function ageing(cache, key) {
  const keys = await cache.keys();
  const newer = keys.length - 1 - keys.findIndex(({ url }) => url === key);
  return newer >= MAX_KEPT / 2;
}

/**
 * @param {Unchecked} file
 * @param {AbortSignal} [signal]
 * @param {RequestCache} [httpCache]
 */
async function request(file, signal = NEVER, httpCache = "default") {
  const asked = following(signal);
  /** @type {Response} */
  let response;
  try {
    const options = { signal: asked.signal, cache: httpCache, credentials: /** @type {const} */ ("same-origin") };
    response = await unlessStalled(fetch(file.url, options), file);
  } catch (error) {
    asked.abort();
    throw broken(error, file);
  }
  if (!response.ok) throw new WidgetError("missing", { what: file.what, status: response.status });
  if (response.headers.get("content-type")?.includes("text/html")) throw new WidgetError("html", { what: file.what });
  return response;
}

/**
 * @template T
 * @param {Promise<T>} piece of a download
 * @param {Unchecked} file
 * @returns {Promise<T>}
 * @throws {WidgetError} stalled
 */
function unlessStalled(piece, { what }) {
  return new Promise((resolve, reject) => {
    const watchdog = new Watchdog(STALL_S, () => reject(new WidgetError("stalled", { what, limit: STALL_S })));
    watchdog.begin();
    piece.then(resolve, reject).finally(() => watchdog.end());
  });
}

/**
 * @param {unknown} error
 * @param {Unchecked} file
 */
function broken(error, file) {
  if (error instanceof WidgetError) return error;
  if (error instanceof Error && error.name === "AbortError") return new WidgetError("cancelled", {}, { cause: error });
  const code = globalThis.navigator?.onLine === false ? "offline" : "network";
  return new WidgetError(code, { what: file.what }, { cause: error });
}

/**
 * @param {Response} response
 * @param {Unchecked} file
 * @param {number} most bytes that are read
 * @param {Pick<FetchOptions, "onProgress"> & {copy?: ReadableStreamDefaultController<Uint8Array>}} options `copy` is given the
 *   same
 */
async function read(response, file, most, { onProgress, copy }) {
  /** @type {Uint8Array[]} */
  const chunks = [];
  let loaded = 0;
  const reader = (response.body ?? new Blob([]).stream()).getReader();
  try {
    for (;;) {
      const { done, value } = await unlessStalled(reader.read(), file);
      if (done) break;
      if (loaded === 0 && looksLikeHtml(value)) throw new WidgetError("html", { what: file.what });
      loaded += value.length;
      if (loaded > most) throw new WidgetError("oversized", { what: file.what });
      chunks.push(value);
      copy?.enqueue(value);
      onProgress?.(loaded, false);
    }
    copy?.close();
  } catch (error) {
    reader.cancel().catch(() => {});
    copy?.error(error);
    throw broken(error, file);
  }
  return join(chunks, loaded);
}

/** A page may come with any content type. No ONNX, WebAssembly, JSON or image begins like this.
 * @param {Uint8Array} bytes */
function looksLikeHtml(bytes) {
  const start = new TextDecoder().decode(bytes.subarray(0, 64)).trimStart().toLowerCase();
  return start.startsWith("<!doctype html") || start.startsWith("<html");
}

/**
 * @param {Uint8Array[]} chunks
 * @param {number} length
 */
function join(chunks, length) {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

/**
 * Keep a file as the newest; the oldest make room. A full disk or a private window must not break the page: then nothing
 * is kept.
 *
 * @param {Cache | null} cache
 * @param {string} key
 * @param {Uint8Array} bytes
 * @param {string | null} type
 */
async function keep(cache, key, bytes, type) {
  if (!cache) return;
  try {
    await cache.delete(key); // Safari leaves what is put again in its old place.
    await cache.put(
      key,
      new Response(/** @type {Uint8Array<ArrayBuffer>} */ (bytes), { headers: type ? { "content-type": type } : {} }),
    );
    const keys = await cache.keys(); // In the order they were put.
    await Promise.all(keys.slice(0, Math.max(0, keys.length - MAX_KEPT)).map((old) => cache.delete(old)));
  } catch {
    /* The quota is used up. */
  }
}
