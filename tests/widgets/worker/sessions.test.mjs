import assert from "node:assert/strict";
import { test } from "node:test";
import { openModels } from "../../../site_assets/widgets/worker/sessions.mjs";

/** @param {string} id */
function model(id) {
  const file = { name: `${id}.onnx`, bytes: 10, sha256: id.length.toString(16).padEnd(64, "0"), precision: "fp32" };
  const spec = { key: id, card: { title: id }, file, url: `https://example.org/${id}.onnx` };
  return /** @type {import("../../../site_assets/widgets/worker/networks.mjs").ModelSpec} */ (
    /** @type {unknown} */ (spec)
  );
}

test("one failed download ends the others, also in a browser without AbortSignal.any", async (context) => {
  const any = Object.getOwnPropertyDescriptor(AbortSignal, "any");
  Reflect.deleteProperty(AbortSignal, "any");
  context.after(() => any && Object.defineProperty(AbortSignal, "any", any));
  /** @type {AbortSignal | null | undefined} */
  let downloading;
  context.mock.method(
    globalThis,
    "fetch",
    async (/** @type {string} */ url, /** @type {RequestInit} */ { signal } = {}) => {
      if (url.endsWith(".wasm")) await new Promise(() => {});
      if (url.endsWith("missing.onnx") || url.endsWith(".mjs")) return new Response("no", { status: 404 });
      downloading = signal;
      return new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));
    },
  );
  const part = { bytes: 10, sha256: "0".repeat(64) };
  const models = [model("endless"), model("missing")];
  const around = {
    signal: new AbortController().signal,
    onProgress: () => {},
    compute: () => assert.fail("nothing is here"),
  };
  await assert.rejects(
    openModels(models, around, { files: { api: part, glue: part, code: part } }),
    // The runtime's module is not there either; whichever is found out first.
    ({ code }) => code === "missing" || code === "runtime",
  );
  assert.equal(downloading?.aborted, true);
});
