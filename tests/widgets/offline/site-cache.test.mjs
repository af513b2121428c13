import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { SiteCache } from "../../../site_assets/widgets/offline/site-cache.mjs";

const ROOT = "https://example.org/report/";

/** A browser's stores, in memory. */
class FakeCaches {
  /** @type {Map<string, Map<string, Response>>} */
  stores = new Map();

  /** @param {string} name */
  async open(name) {
    const store = this.stores.get(name) ?? new Map();
    this.stores.set(name, store);
    return {
      match: async (/** @type {string} */ key) => store.get(key)?.clone(),
      put: async (/** @type {string} */ key, /** @type {Response} */ response) => void store.set(key, response),
    };
  }

  async keys() {
    return [...this.stores.keys()];
  }

  /** @param {string} name */
  async delete(name) {
    return this.stores.delete(name);
  }
}

/** @param {string} text */
const revision = (text) => createHash("sha256").update(text).digest("hex").slice(0, 16);

/** A server with some files. @param {Record<string, string>} files */
function host(files) {
  /** @type {string[]} */
  const asked = [];
  const caches = new FakeCaches();
  const state = { files, asked, caches, offline: false };
  const fetch = async (/** @type {string | Request} */ request) => {
    const address = (typeof request === "string" ? request : request.url).slice(ROOT.length);
    asked.push(address);
    if (state.offline) throw new TypeError("Failed to fetch");
    const name = /(^|\/)$/.test(address) ? `${address}index.html` : address;
    const content = state.files[name];
    return new Response(content ?? "no", { status: content === undefined ? 404 : 200 });
  };
  /** @param {string} version */
  const site = (version) => {
    const list = Object.fromEntries(Object.entries(state.files).map(([name, text]) => [name, revision(text)]));
    return new SiteCache({ version, files: list }, ROOT, /** @type {any} */ ({ caches, fetch }));
  };
  return { state, site };
}

/** @param {SiteCache} site @param {string} address @param {string} [mode] */
async function text(site, address, mode = "navigate") {
  const request = /** @type {Request} */ ({ url: ROOT + address, mode });
  return (await site.answer(request))?.text();
}

const FIRST = { "index.html": "home 1", "a/index.html": "a 1", "same.css": "same", "404.html": "missing" };

test("an installed version answers without a network, pages under either address and with any query", async () => {
  const { state, site } = host(FIRST);
  const first = site("1");
  await first.install();
  state.offline = true;
  assert.equal(await text(first, ""), "home 1");
  assert.equal(await text(first, "a/"), "a 1");
  assert.equal(await text(first, "a/index.html?demo=x#y"), "a 1");
  assert.equal(await text(first, "same.css", "no-cors"), "same");
  assert.equal(await text(first, "nowhere/"), "missing");
  assert.equal(await text(first, "nowhere.css", "no-cors"), undefined);
});

test("other sites on the same host are not answered", async () => {
  const { site } = host(FIRST);
  assert.equal(site("1").addressOf("https://example.org/other/"), null);
  assert.equal(site("1").addressOf("https://elsewhere.org/report/"), null);
});

test("an old tab keeps its version while a new one is installed, and the new one has none of the old", async () => {
  const { state, site } = host({ ...FIRST });
  const first = site("1");
  await first.install();
  Object.assign(state.files, { "index.html": "home 2", "a/index.html": "a 2" });
  state.asked.length = 0;
  const second = site("2");
  await second.install();
  assert.deepEqual(state.asked.sort(), ["", "a/"], "what has not changed is not fetched again");
  assert.deepEqual([await text(first, ""), await text(first, "a/")], ["home 1", "a 1"]);
  assert.deepEqual([await text(second, ""), await text(second, "a/")], ["home 2", "a 2"]);
  await second.activate();
  assert.deepEqual(await state.caches.keys(), ["site-2"]);
  assert.equal(await text(second, "same.css", "no-cors"), "same");
});

test("a version that cannot be stored whole is not stored at all", async () => {
  const { state, site } = host({ ...FIRST });
  const first = site("1");
  await first.install();
  state.files["index.html"] = "home 2";
  const second = site("2");
  state.files["index.html"] = "home 3"; // The site was published again while the worker was fetched.
  await assert.rejects(second.install(), /index.html is of another version/);
  assert.deepEqual(await state.caches.keys(), ["site-1"]);
});

test("caches of others stay", async () => {
  const { state, site } = host(FIRST);
  await state.caches.open("onnx-widgets-1");
  const first = site("1");
  await first.install();
  await first.activate();
  assert.deepEqual((await state.caches.keys()).sort(), ["onnx-widgets-1", "site-1"]);
});
