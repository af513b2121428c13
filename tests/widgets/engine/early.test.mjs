import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT, WEBGPU } from "../../../site_assets/widgets/core/backend.mjs";
import { hurry, takeEarly } from "../../../site_assets/widgets/engine/early.mjs";
import { publishRuntime, settled } from "./fakes.mjs";

publishRuntime();

/**
 * @param {import("node:test").TestContext} context
 * @param {(signal?: AbortSignal | null) => Promise<Response>} wasm
 */
function network(context, wasm) {
  const asked = { wasm: 0 };
  context.mock.method(globalThis, "fetch", async (/** @type {string} */ _, /** @type {RequestInit} */ options) => {
    asked.wasm++;
    return wasm(options?.signal);
  });
  return asked;
}

/** A download that does not end by itself. @param {import("node:test").TestContext} context */
function endless(context) {
  /** @type {{signal?: AbortSignal | null}} */
  const download = {};
  network(context, async (signal) => {
    download.signal = signal;
    return new Response(new ReadableStream());
  });
  return download;
}

test("the machine code is asked for once, and taken once", async (context) => {
  const asked = network(context, async () => new Response(Uint8Array.of(1, 2, 3)));
  hurry();
  hurry();
  const stream = await takeEarly(DEFAULT);
  assert.deepEqual(new Uint8Array(await new Response(stream).arrayBuffer()), Uint8Array.of(1, 2, 3));
  assert.equal(asked.wasm, 1);
  assert.equal(await takeEarly(DEFAULT), null);
});

test("an answer that is no file is left to the worker, which says what is wrong", async (context) => {
  network(context, async () => new Response("no", { status: 404 }));
  hurry();
  assert.equal(await takeEarly(DEFAULT), null);
});

test("whoever takes it can end it", async (context) => {
  const download = endless(context);
  hurry();
  const controller = new AbortController();
  await takeEarly(DEFAULT, controller.signal);
  assert.equal(download.signal?.aborted, false);
  controller.abort();
  assert.equal(download.signal?.aborted, true);
});

test("what the browser keeps is not asked for", async (context) => {
  const asked = network(context, async () => new Response("new"));
  const caches = { open: async () => ({ match: async () => new Response("kept") }) };
  const before = Object.getOwnPropertyDescriptor(globalThis, "caches");
  Object.defineProperty(globalThis, "caches", { value: caches, configurable: true });
  context.after(() => {
    if (before) Object.defineProperty(globalThis, "caches", before);
    else Reflect.deleteProperty(globalThis, "caches");
  });
  hurry();
  assert.equal(await takeEarly(DEFAULT), null);
  assert.equal(asked.wasm, 0);
});

test("the machine code of another backend is of no use", async (context) => {
  const download = endless(context);
  hurry();
  assert.equal(await takeEarly(WEBGPU), null);
  await settled();
  assert.equal(download.signal?.aborted, true);
});
