import assert from "node:assert/strict";
import { test } from "node:test";
import { backendName, DEFAULT, WEBGPU } from "../../../site_assets/widgets/core/backend.mjs";
import { WidgetError } from "../../../site_assets/widgets/core/messages.mjs";
import { Backends } from "../../../site_assets/widgets/engine/backends.mjs";
import { fakeBrowser } from "./fakes.mjs";

/** @type {import("../../../site_assets/widgets/core/backend.mjs").Backend} */
const TWO = { runtime: "wasm", threads: 2 };

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
    const backends = new Backends(fakeBrowser(given));
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

test("what is chosen is listed, even where it is offered no longer", () => {
  const its = fakeBrowser({ cores: 1 });
  its.storage?.setItem("onnx-widgets-backend", "webgpu");
  assert.deepEqual(new Backends(its).options, [DEFAULT, WEBGPU]);
});

test("a browser is asked for a GPU once, however many widgets want to know", async () => {
  let asked = 0;
  const hasAdapter = async () => ++asked > 0;
  const backends = new Backends(fakeBrowser({ hasAdapter }));
  await Promise.all([backends.look(), backends.look()]);
  await backends.look();
  assert.equal(asked, 1);
  assert.ok(backends.options.includes(WEBGPU));
});

test("a choice outlives the page", async () => {
  const its = fakeBrowser();
  const backends = new Backends(its);
  const seen = changes(backends);
  await backends.choose(WEBGPU);
  assert.equal(seen.times, 1);
  assert.deepEqual(new Backends(its).chosen, WEBGPU);
  await backends.choose(DEFAULT);
  assert.deepEqual(new Backends(its).chosen, DEFAULT);
});

test("threads isolate the page first, which takes a reload", async () => {
  const its = fakeBrowser();
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

test("on a page that its host isolates, threads come and go without a service worker", async () => {
  const its = fakeBrowser({ isolated: true, canIsolate: () => false });
  const backends = new Backends(its);
  const seen = changes(backends);
  for (const choice of [TWO, DEFAULT]) {
    await backends.choose(choice);
    assert.deepEqual(backends.chosen, choice);
  }
  assert.deepEqual([its.told, seen.times], [[], 2]);
});

test("where nothing can be kept, a choice holds for the page", async () => {
  const full = { ...fakeBrowser().storage, setItem: () => assert.fail("full") };
  for (const storage of [/** @type {any} */ (full), null]) {
    const backends = new Backends(fakeBrowser({ storage }));
    await backends.choose(WEBGPU);
    assert.deepEqual(backends.chosen, WEBGPU);
  }
});

test("where the page cannot be isolated, threads are given up with a reason", async () => {
  const its = fakeBrowser({ isolate: async () => false });
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
  const its = fakeBrowser();
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
  await backends.choose(WEBGPU);
  assert.equal(backends.failure, null);
});
