/** Networks that are open, one session for each model file, kept while the page lives. */

import { following } from "../core/abort.mjs";
import { fileParts } from "../core/card.mjs";
import { fetchVerified } from "../core/fetch.mjs";
import { textOf, WidgetError } from "../core/messages.mjs";
import { readyTrigger } from "../triggers/registry.mjs";
import { requireFit } from "./fit.mjs";
import { loadedRuntime, loadRuntime, requireWebAssembly, startSession } from "./ort.mjs";

/** @typedef {import("onnxruntime-web").InferenceSession} Session */
/** @typedef {{card: import("../core/card.mjs").Card, file: import("../core/card.mjs").ModelFile, url: string}} ModelSpec */
/**
 * @typedef {object} Progress
 * @property {"download" | "start" | "ready"} phase
 * @property {number} loaded
 * @property {number} total
 * @property {boolean} cached
 * @property {string[]} opened SHA-256 of the files of networks that can answer already
 */
/** @typedef {{card: import("../core/card.mjs").Card, session: Session}} Opened */

/** By the file's SHA-256. @type {Map<string, Opened>} */
const open = new Map();

/**
 * Fetch and open networks; those that are open already cost nothing.
 *
 * The runtime and the first network come first, so that on a slow connection it answers while the others are under way.
 *
 * @param {ModelSpec[]} models
 * @param {import("./serve.mjs").Around} around
 * @param {import("./ort.mjs").Known} runtime what the page knows of the runtime
 * @returns {Promise<void>}
 * @throws {WidgetError}
 */
export async function openModels(models, { signal, onProgress, compute }, runtime) {
  requireWebAssembly();
  const wanted = models.filter(({ file }) => !open.has(file.sha256));
  const meter = new Meter(onProgress);
  if (wanted.length > 0) {
    meter.expect("runtime", runtime.files.code.bytes);
    for (const part of wanted.flatMap((model) => fileParts(model.file))) meter.expect(part.sha256, part.bytes);
    const downloads = following(signal); // One failure ends the other downloads too.
    /** Networks that are opened together fetch shared layers once. @type {Map<string, Promise<Uint8Array>>} */
    const coming = new Map();
    const download = (/** @type {ModelSpec} */ model) => downloadOne(model, downloads.signal, meter, coming);
    const [first, ...others] = wanted;
    const before = Promise.all([loadRuntime(downloads.signal, meter.of("runtime"), runtime), download(first)]);
    try {
      await Promise.all([
        openOne(
          first,
          before.then(([, contents]) => contents),
          meter,
          compute,
        ),
        ...others.map((model) =>
          openOne(
            model,
            before.then(() => download(model)),
            meter,
            compute,
          ),
        ),
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
function downloadOne({ card, file, url }, signal, meter, coming) {
  const parts = fileParts(file).map(({ name, bytes, sha256 }) => {
    const asked = { url: new URL(name, url).href, what: called(card), bytes, sha256 };
    const part = coming.get(sha256) ?? fetchVerified(asked, { signal, onProgress: meter.of(sha256) });
    coming.set(sha256, part);
    return part;
  });
  return Promise.all(parts);
}

/**
 * @param {ModelSpec} model
 * @param {Promise<Uint8Array[]>} downloaded its files; the runtime is there when they are
 * @param {Meter} meter
 * @param {import("./serve.mjs").Around["compute"]} compute
 */
async function openOne({ card, file }, downloaded, meter, compute) {
  const contents = await downloaded;
  const ort = await loadedRuntime();
  meter.post("start");
  await readyTrigger(card.trigger);
  await compute(async () => {
    if (open.has(file.sha256)) return;
    const session = await startSession(ort, file, contents).catch((error) => {
      throw new WidgetError("session", { what: called(card), found: textOf(error) }, { cause: error });
    });
    requireFit(card, session);
    open.set(file.sha256, { card, session });
  });
  meter.opened.push(file.sha256);
  meter.post("start");
}

/** @param {{title: string}} card */
const called = ({ title }) => `the model “${title}”`;

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
  /** @type {string[]} */
  opened = [];
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
    const cached = parts.every((part) => part.cached || part.loaded === 0);
    this.#report({ phase, loaded, total, cached, opened: [...this.opened] });
  }
}
