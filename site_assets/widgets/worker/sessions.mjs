/** Networks are fetched and opened, each once. */

import { following } from "../core/abort.mjs";
import { fileParts } from "../core/card.mjs";
import { fetchVerified } from "../core/fetch.mjs";
import { textOf, WidgetError } from "../core/messages.mjs";
import { readyTrigger } from "../triggers/registry.mjs";
import { Meter } from "./meter.mjs";
import { Networks } from "./networks.mjs";
import { loadedRuntime, loadRuntime, requireWebAssembly, startSession } from "./ort.mjs";

/** @typedef {import("./networks.mjs").ModelSpec} ModelSpec */

const networks = new Networks();

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
  const wanted = models.filter(({ key }) => !networks.has(key));
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
async function openOne(model, downloaded, meter, compute) {
  const { key, card, file } = model;
  const contents = await downloaded;
  const ort = await loadedRuntime();
  meter.post("start");
  await readyTrigger(card.trigger);
  await compute(() =>
    networks.add(model, () =>
      startSession(ort, file, contents).catch((error) => {
        throw new WidgetError("session", { what: called(card), found: textOf(error) }, { cause: error });
      }),
    ),
  );
  meter.opened.push(key);
  meter.post("start");
}

/** @param {{title: string}} card */
const called = ({ title }) => `the model “${title}”`;

/**
 * @param {string} key
 * @returns {import("./networks.mjs").Opened}
 */
export function opened(key) {
  const model = networks.get(key);
  if (!model) throw new WidgetError("internal", { found: "a network was asked before it was open" });
  return model;
}
