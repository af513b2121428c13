import assert from "node:assert/strict";
import { test } from "node:test";
import { Isolation } from "../../../site_assets/widgets/offline/isolation.mjs";

const ROOT = "https://example.org/report/";

/** A browser's stores, in memory. */
function stores() {
  /** @type {Map<string, Response>} */
  const kept = new Map();
  const store = {
    match: async (/** @type {string} */ key) => kept.get(key),
    put: async (/** @type {string} */ key, /** @type {Response} */ response) => void kept.set(key, response),
    delete: async (/** @type {string} */ key) => kept.delete(key),
  };
  return /** @type {CacheStorage} */ (/** @type {unknown} */ ({ open: async () => store }));
}

const page = () => new Response("page", { status: 404, headers: { "content-type": "text/html" } });

const NAVIGATION = /** @type {Request} */ ({ mode: "navigate", destination: "document" });

/** @param {Isolation} isolation */
async function isolates(isolation) {
  const { headers } = await isolation.apply(NAVIGATION, page());
  return headers.get("cross-origin-opener-policy") === "same-origin" && headers.has("cross-origin-embedder-policy");
}

test("nothing is isolated before a reader wants it, nor after", async () => {
  const isolation = new Isolation(ROOT, stores());
  assert.equal(await isolates(isolation), false);
  await isolation.set(true);
  assert.equal(await isolates(isolation), true);
  await isolation.set(false);
  assert.equal(await isolates(isolation), false);
});

test("the wish outlives the worker", async () => {
  const caches = stores();
  await new Isolation(ROOT, caches).set(true);
  assert.equal(await isolates(new Isolation(ROOT, caches)), true);
});

test("an isolated response is otherwise the same", async () => {
  const isolation = new Isolation(ROOT, stores());
  await isolation.set(true);
  const response = await isolation.apply(NAVIGATION, page());
  assert.equal(response.status, 404);
  assert.equal(response.headers.get("content-type"), "text/html");
  assert.equal(await response.text(), "page");
});

test("an isolated page can start workers after the wish is gone; other files are left alone", async () => {
  const isolation = new Isolation(ROOT, stores());
  const header = async (/** @type {string} */ destination) => {
    const request = /** @type {Request} */ ({ mode: "cors", destination });
    return (await isolation.apply(request, page())).headers.get("cross-origin-embedder-policy");
  };
  assert.equal(await header("worker"), "require-corp");
  await isolation.set(true);
  assert.equal(await header("style"), null);
});

test("a redirect is passed on as it is: no response can be made of it", async () => {
  const isolation = new Isolation(ROOT, stores());
  await isolation.set(true);
  const redirect = /** @type {Response} */ ({ type: "opaqueredirect", status: 0 });
  assert.equal(await isolation.apply(NAVIGATION, redirect), redirect);
});
