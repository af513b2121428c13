import assert from "node:assert/strict";
import { test } from "node:test";
import { backendName, DEFAULT, WEBGPU } from "../../../site_assets/widgets/core/backend.mjs";
import { WidgetError } from "../../../site_assets/widgets/core/messages.mjs";
import { Backends } from "../../../site_assets/widgets/engine/backends.mjs";

/** @type {import("../../../site_assets/widgets/core/backend.mjs").Backend} */
const TWO = { runtime: "wasm", threads: 2 };

/** A browser with two cores, and what it was told. @param {Partial<import("../../../site_assets/widgets/engine/backends.mjs").Browser>} [given] */
function browser(given = {}) {
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

/** How often the choice has changed. @param {Backends} backends */
function changes(backends) {
  const seen = { times: 0 };
  backends.addEventListener("change", () => {
    seen.times++;
  });
  return seen;
}

test("threads are offered where the page is isolated or can be, WebGPU where there is an adapter", async () => {
  const offered = async (/** @type {object} */ given) => {
    const backends = new Backends(browser(given));
    await backends.look();
    return backends.options.map(backendName);
  };
  const [one, two, gpu] = [DEFAULT, TWO, WEBGPU].map(backendName);
  assert.deepEqual(await offered({}), [one, two, gpu]);
  assert.deepEqual(await offered({ canIsolate: () => false, hasAdapter: async () => false }), [one]);
  assert.deepEqual(await offered({ canIsolate: () => false, isolated: true, cores: 1 }), [one, gpu]);
  const broken = async () => {
    throw new Error("no GPU process");
  };
  assert.deepEqual(await offered({ cores: 16, hasAdapter: broken }), [one, "WebAssembly, 4 threads"]);
});

test("a choice outlives the page", async () => {
  const its = browser();
  const backends = new Backends(its);
  const seen = changes(backends);
  await backends.choose(WEBGPU);
  assert.equal(seen.times, 1);
  assert.deepEqual(new Backends(its).chosen, WEBGPU);
  await backends.choose(DEFAULT);
  assert.deepEqual(new Backends(its).chosen, DEFAULT);
});

test("threads isolate the page first, which takes a reload", async () => {
  const its = browser();
  const backends = new Backends(its);
  const seen = changes(backends);
  await backends.choose(TWO);
  assert.deepEqual(its.told, ["isolate true", "reload"]);
  assert.equal(seen.times, 0);
  const next = new Backends({ ...its, isolated: true });
  assert.deepEqual(next.chosen, TWO);
  await next.choose(DEFAULT);
  assert.deepEqual(its.told.slice(2), ["isolate false"]);
});

test("where the page cannot be isolated, threads are given up with a reason", async () => {
  const its = browser({ isolate: async () => false });
  const backends = new Backends(its);
  await backends.choose(TWO);
  assert.deepEqual(backends.chosen, DEFAULT);
  assert.ok(backends.failure?.error instanceof WidgetError && backends.failure.error.code === "not-isolated");
  its.storage?.setItem("onnx-widgets-backend", "wasm-2");
  const next = new Backends(its); // A forced reload passes by the service worker.
  assert.deepEqual([next.chosen, next.failure?.backend], [DEFAULT, TWO]);
  assert.equal(its.storage?.getItem("onnx-widgets-backend"), null);
});

test("an error of the chosen backend leads back to the default, once; others do not", async () => {
  const its = browser();
  const backends = new Backends(its);
  await backends.choose(WEBGPU);
  const seen = changes(backends);
  for (const code of /** @type {const} */ (["cancelled", "superseded", "undecodable"])) {
    assert.equal(backends.fallBack(new WidgetError(code)), false);
  }
  const error = new WidgetError("session");
  assert.equal(backends.fallBack(error), true);
  assert.deepEqual([backends.chosen, backends.failure], [DEFAULT, { backend: WEBGPU, error }]);
  assert.equal(backends.fallBack(error), false);
  assert.equal(seen.times, 1);
  assert.deepEqual(new Backends(its).chosen, DEFAULT);
});
