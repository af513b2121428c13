/** Workers, networks and browsers that do what a test says. */

import { createHash } from "node:crypto";
import { PUBLISHED } from "../../../site_assets/widgets/core/published.mjs";
import { BUILDS } from "../../../site_assets/widgets/core/runtime.mjs";

/** @typedef {import("../../../site_assets/widgets/core/card.mjs").Card} Card */
/** @typedef {{id: number, type: string, request?: any}} Asked */

/** A worker that answers only on request, and can die. */
export class FakeWorker extends EventTarget {
  /** @type {Asked[]} */
  asked = [];
  /** @type {Transferable[]} */
  transferred = [];
  terminated = false;

  /** @param {Asked} message @param {Transferable[]} [transfer] */
  postMessage(message, transfer = []) {
    this.asked.push(message);
    this.transferred.push(...transfer);
  }

  terminate() {
    this.terminated = true;
  }

  /** The newest request of a type. @param {string} type @returns {Asked} */
  newest(type) {
    const found = this.asked.findLast((message) => message.type === type);
    if (!found) throw new Error(`nobody asked for ${type}`);
    return found;
  }

  /** @param {Asked} asked @param {object} reply */
  reply({ id }, reply) {
    this.dispatchEvent(new MessageEvent("message", { data: { id, ...reply } }));
  }

  /** @param {string} type @param {unknown} [result] */
  done(type, result) {
    this.reply(this.newest(type), { type: "done", result });
  }

  die() {
    this.dispatchEvent(new Event("error"));
  }
}

/** Starts workers, and keeps them. */
export function workers() {
  /** @type {FakeWorker[]} */
  const started = [];
  return {
    started,
    get newest() {
      return /** @type {FakeWorker} */ (started.at(-1));
    },
    start: () => {
      const worker = new FakeWorker();
      started.push(worker);
      return /** @type {Worker} */ (/** @type {unknown} */ (worker));
    },
  };
}

/**
 * What a choice of backends depends on: two cores here, a GPU, and a service worker that can isolate; `told` is what was
 * asked of them.
 *
 * @param {Partial<import("../../../site_assets/widgets/engine/backends.mjs").Browser>} [given]
 */
export function fakeBrowser(given = {}) {
  /** @type {Map<string, string>} */
  const kept = new Map();
  /** @type {string[]} */
  const told = [];
  return {
    told,
    storage: {
      getItem: (/** @type {string} */ key) => kept.get(key) ?? null,
      setItem: (/** @type {string} */ key, /** @type {string} */ value) => void kept.set(key, value),
      removeItem: (/** @type {string} */ key) => void kept.delete(key),
    },
    isolated: false,
    cores: 2,
    canIsolate: () => true,
    isolate: async (/** @type {boolean} */ on) => {
      told.push(`isolate ${on}`);
      return true;
    },
    hasAdapter: async () => true,
    reload: () => void told.push("reload"),
    ...given,
  };
}

/** The trigger of the card `backdoored`. */
export const TRIGGER = { kind: "patch", top: 5, left: 5, height: 2, width: 2, value: 255 };

// Hashes are computed in other threads, which nothing here could wait for; without these, in this one.
Object.defineProperty(globalThis.crypto, "subtle", { value: undefined, configurable: true });

/** @param {string} text */
const hashOf = (text) => createHash("sha256").update(text).digest("hex");

const STEPS = [
  { op: "decode", max_pixels: 123 },
  { op: "composite", background: [255, 255, 255] },
  { op: "greyscale" },
  { op: "resize", height: 8, width: 8, filter: "box" },
  { op: "layout", order: "NCHW" },
];

/** `NAME-copy` is another card of the same files. @param {string} id */
export function card(id) {
  const name = id.replace("-copy", "");
  const file = {
    name: `${name}.onnx`,
    precision: "fp32",
    bytes: 1000,
    sha256: hashOf(`${name} fp32`),
    opset: 17,
    max_abs_error: 0,
  };
  return {
    schema_version: 1,
    id,
    title: id,
    files: [file, { ...file, precision: "int8-weight-only", sha256: hashOf(`${name} int8`) }],
    default_precision: "fp32",
    labels: ["a", "b"],
    input: { tensor: "image", height: 8, width: 8, channels: 1, steps: STEPS },
    output: { tensor: "logits", activation: "softmax", top: 2 },
    trigger: id === "backdoored" ? TRIGGER : null,
  };
}

/** How a page names that card. @param {string} id */
export function reference(id) {
  const text = JSON.stringify(card(id));
  return { card: `${id}/card.json`, bytes: text.length, sha256: hashOf(text) };
}

/** As if a site's build had written the list. */
export function publishRuntime() {
  for (const build of Object.values(BUILDS)) {
    for (const name of Object.values(build)) PUBLISHED[`ort/${name}`] = { bytes: 3, sha256: "0".repeat(64) };
  }
}

/**
 * Serves cards instead of the network.
 *
 * @param {import("node:test").TestContext} context
 */
export function serveCards(context) {
  publishRuntime();
  /** @type {{held: (() => void)[] | null, fail: boolean, fetched: number}} */
  const server = { held: null, fail: false, fetched: 0 };
  context.mock.method(
    globalThis,
    "fetch",
    async (/** @type {string} */ url, /** @type {RequestInit} */ { signal } = {}) => {
      server.fetched++;
      const { held } = server;
      if (held) {
        await new Promise((resolve, reject) => {
          held.push(() => resolve(undefined));
          signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
        });
      }
      if (server.fail) return new Response("no", { status: 404 });
      const id = new URL(url).pathname.split("/")[1];
      return new Response(JSON.stringify(card(id)), { headers: { "content-type": "application/json" } });
    },
  );
  return server;
}

/** Waits until nothing more can proceed. */
export async function settled() {
  for (let i = 0; i < 10; i++) await new Promise(setImmediate);
}

/** Lets mocked seconds pass one by one, as timers that start timers need it. @param {import("node:test").TestContext} context @param {number} count */
export function seconds(context, count) {
  for (let i = 0; i < count; i++) context.mock.timers.tick(1000);
}
