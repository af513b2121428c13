/** Networks that are open, one session for each model file, kept while the page lives. */

import { following } from "../core/abort.mjs";
import { fileParts } from "../core/card.mjs";
import { fetchVerified } from "../core/fetch.mjs";
import { WidgetError } from "../core/messages.mjs";
import { readyTrigger } from "../triggers/registry.mjs";
import { loadRuntime, requireWebAssembly, runtimeFile, startSession } from "./ort.mjs";

/** @typedef {import("onnxruntime-web").InferenceSession} Session */
/** @typedef {{card: import("../core/card.mjs").Card, file: import("../core/card.mjs").ModelFile, url: string}} ModelSpec */
/** @typedef {{phase: "download" | "start" | "ready", loaded: number, total: number, cached: boolean}} Progress */
/** @typedef {{card: import("../core/card.mjs").Card, session: Session}} Opened */

/** By the file's SHA-256. @type {Map<string, Opened>} */
const open = new Map();

/**
 * Fetch and open networks; those that are open already cost nothing.
 *
 * @param {ModelSpec[]} models
 * @param {AbortSignal} signal
 * @param {(progress: Progress) => void} onProgress
 * @returns {Promise<void>}
 * @throws {WidgetError}
 */
export async function openModels(models, signal, onProgress) {
  requireWebAssembly();
  const wanted = models.filter(({ file }) => !open.has(file.sha256));
  const meter = new Meter(onProgress);
  if (wanted.length > 0) {
    meter.expect("runtime", (await runtimeFile(signal)).bytes);
    for (const part of wanted.flatMap(({ file }) => fileParts(file))) meter.expect(part.sha256, part.bytes);
    const downloads = following(signal); // One failure ends the other downloads too.
    /** Networks that are opened together fetch shared layers once. @type {Map<string, Promise<Uint8Array>>} */
    const coming = new Map();
    try {
      await Promise.all([
        loadRuntime(downloads.signal, meter.of("runtime")),
        ...wanted.map((model) => openOne(model, downloads.signal, meter, coming)),
      ]);
    } catch (error) {
      downloads.abort();
      throw error;
    }
  }
  meter.post("ready");
}

/**
 * @param {ModelSpec} model
 * @param {AbortSignal} signal
 * @param {Meter} meter
 * @param {Map<string, Promise<Uint8Array>>} coming what is being fetched, by SHA-256
 */
async function openOne({ card, file, url }, signal, meter, coming) {
  const what = `the model “${card.title}”`;
  const parts = fileParts(file).map(({ name, bytes, sha256 }) => {
    const asked = { url: new URL(name, url).href, what, bytes, sha256 };
    const part = coming.get(sha256) ?? fetchVerified(asked, { signal, onProgress: meter.of(sha256) });
    coming.set(sha256, part);
    return part;
  });
  const [contents, ort] = await Promise.all([Promise.all(parts), loadRuntime(signal, () => {})]);
  meter.post("start");
  await readyTrigger(card.trigger);
  if (open.has(file.sha256)) return; // Another widget was quicker.
  try {
    const session = await startSession(ort, file, contents);
    open.set(file.sha256, { card, session });
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    throw new WidgetError("session", { what, found }, { cause: error });
  }
}

/**
 * @param {string} key the file's SHA-256
 * @returns {Opened}
 */
export function opened(key) {
  const model = open.get(key);
  if (!model) throw new WidgetError("internal", { found: "a network was asked before it was open" });
  return model;
}

/** Adds the downloads up, and reports at most every 50 ms. */
class Meter {
  /** @type {Map<string, {total: number, loaded: number, cached: boolean}>} */
  #parts = new Map();
  #last = 0;
  /** @type {(progress: Progress) => void} */
  #report;

  /** @param {(progress: Progress) => void} report */
  constructor(report) {
    this.#report = report;
  }

  /**
   * @param {string} part
   * @param {number} total
   */
  expect(part, total) {
    this.#parts.set(part, { total, loaded: 0, cached: false });
  }

  /**
   * @param {string} name
   * @returns {(loaded: number, cached: boolean) => void}
   */
  of(name) {
    return (loaded, cached) => {
      const part = this.#parts.get(name);
      if (part) Object.assign(part, { loaded: Math.min(loaded, part.total), cached });
      const now = performance.now();
      if (now - this.#last < 50) return;
      this.#last = now;
      this.post("download");
    };
  }

  /** @param {Progress["phase"]} phase */
  post(phase) {
    const parts = [...this.#parts.values()];
    const total = parts.reduce((sum, part) => sum + part.total, 0);
    const loaded = phase === "ready" ? total : parts.reduce((sum, part) => sum + part.loaded, 0);
    this.#report({ phase, loaded, total, cached: parts.every((part) => part.cached || part.loaded === 0) });
  }
}
