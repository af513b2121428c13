import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { cacheKey, checkFile, fetchSmall, fetchVerified, STALL_S } from "../../../site_assets/widgets/core/fetch.mjs";

const BODY = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 7) & 255);
const HASH = createHash("sha256").update(BODY).digest("hex");

/** @type {import("node:http").Server} */
let server;
let base = "";
let requests = 0;
/** Called when a request comes that will never be answered. @type {(() => void) | null} */
let arrived = null;

before(async () => {
  server = createServer((request, response) => {
    requests++;
    const path = request.url ?? "";
    if (path === "/html-200") response.end("<!doctype html><p>Sign in</p>");
    else if (path === "/html-type") response.setHeader("content-type", "text/html").end("moved");
    else if (path === "/missing") response.writeHead(404).end("no");
    else if (path === "/breaks") {
      response.writeHead(200, { "content-length": BODY.length });
      response.write(BODY.subarray(0, 1000), () => response.destroy());
    } else if (path === "/endless") response.write(BODY);
    else if (path.startsWith("/byte-")) response.end(Uint8Array.of(Number(path.slice(6))));
    else if (path === "/more") {
      response.write(BODY);
      response.write("more"); // And nothing ends it.
    } else if (path === "/stalled") response.write(BODY.subarray(0, 1000));
    else if (path === "/silent") arrived?.();
    else if (path === "/short") response.end(BODY.subarray(0, 100));
    else response.end(BODY);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(null)));
  const address = /** @type {import("node:net").AddressInfo} */ (server.address());
  base = `http://127.0.0.1:${address.port}`;
});
after(() => {
  server.closeAllConnections();
  server.close();
});

/** A Cache that lives in a map, in the order things were put. */
function fakeCache() {
  /** @type {Map<string, Uint8Array>} */
  const kept = new Map();
  const address = (/** @type {string | Request} */ key) => (typeof key === "string" ? key : key.url);
  const cache = {
    match: async (/** @type {string} */ key) => {
      const found = kept.get(key);
      return found && new Response(/** @type {BodyInit} */ (found));
    },
    put: async (/** @type {string} */ key, /** @type {Response} */ response) => {
      kept.set(key, new Uint8Array(await response.arrayBuffer()));
    },
    delete: async (/** @type {string | Request} */ key) => kept.delete(address(key)),
    keys: async () => [...kept.keys()].map((key) => new Request(key)),
  };
  return { kept, cache: /** @type {Cache} */ (/** @type {unknown} */ (cache)) };
}

/** Another file that is kept by its hash. @param {number} number */
function numbered(number) {
  const body = Uint8Array.of(number);
  const hash = createHash("sha256").update(body).digest("hex");
  return { url: `${base}/byte-${number}`, what: "another model", bytes: 1, sha256: hash };
}

const file = (path = "/model") => ({ url: base + path, what: "the model", bytes: BODY.length, sha256: HASH });

test("progress grows to the whole size", async () => {
  /** @type {number[]} */
  const seen = [];
  const bytes = await fetchVerified(file(), { cache: null, onProgress: (loaded) => seen.push(loaded) });
  assert.deepEqual(bytes, BODY);
  assert.ok(seen.length > 1);
  assert.deepEqual(
    seen,
    [...seen].sort((a, b) => a - b),
  );
  assert.equal(seen.at(-1), BODY.length);
});

test("a second visit asks nothing of the network", async () => {
  const { cache } = fakeCache();
  await fetchVerified(file(), { cache });
  const before = requests;
  /** @type {[number, boolean][]} */
  const seen = [];
  const bytes = await fetchVerified(file("/model?moved"), { cache, onProgress: (...each) => seen.push(each) });
  assert.deepEqual(bytes, BODY);
  assert.equal(requests, before);
  assert.deepEqual(seen, [[BODY.length, true]]);
});

test("what the disk damaged is fetched anew", async () => {
  const { cache, kept } = fakeCache();
  kept.set(cacheKey(HASH, base), BODY.slice(1));
  assert.deepEqual(await fetchVerified(file(), { cache }), BODY);
  assert.deepEqual(kept.get(cacheKey(HASH, base)), BODY);
});

test("a file with another hash is refused and not kept", async () => {
  const { cache, kept } = fakeCache();
  await assert.rejects(fetchVerified({ ...file(), sha256: "0".repeat(64) }, { cache }), { code: "hash" });
  assert.equal(kept.size, 0);
});

for (const [path, code] of [
  ["/html-200", "html"],
  ["/html-type", "html"],
  ["/missing", "missing"],
  ["/breaks", "network"],
  ["/short", "hash"],
]) {
  test(`${path} is reported as ${code}`, async () => {
    await assert.rejects(fetchVerified(file(path), { cache: null }), { code });
  });
}

test("an unreachable server is reported as network, or as offline if the browser says so", async () => {
  const nowhere = { ...file(), url: "http://127.0.0.1:9/model" };
  await assert.rejects(fetchVerified(nowhere, { cache: null }), { code: "network" });
  const original = Object.getOwnPropertyDescriptor(globalThis, "navigator");
  Object.defineProperty(globalThis, "navigator", { value: { onLine: false }, configurable: true });
  try {
    await assert.rejects(fetchVerified(nowhere, { cache: null }), { code: "offline" });
  } finally {
    if (original) Object.defineProperty(globalThis, "navigator", original);
    else Reflect.deleteProperty(globalThis, "navigator");
  }
});

test("cancelling stops in the middle", { timeout: 5000 }, async () => {
  const controller = new AbortController();
  const options = { cache: null, signal: controller.signal, onProgress: () => controller.abort() };
  await assert.rejects(fetchVerified(file("/endless"), options), { code: "cancelled" });
});

test("a full disk does not break the page", async () => {
  const { cache } = fakeCache();
  cache.put = async () => {
    throw new DOMException("full", "QuotaExceededError");
  };
  assert.deepEqual(await fetchVerified(file(), { cache }), BODY);
});

test("old files make room for new ones", async () => {
  const { cache, kept } = fakeCache();
  for (let i = 0; i < 60; i++) await fetchSmall({ url: `${base}/small?${i}`, what: "a card" }, { cache });
  assert.ok(kept.size <= 48);
  assert.ok(kept.has(`${base}/small?59`));
  assert.ok(!kept.has(`${base}/small?0`));
});

test("a file that is used stays, however many come after it", async () => {
  const { cache } = fakeCache();
  await fetchVerified(file(), { cache });
  for (let i = 0; i < 120; i++) {
    await fetchVerified(numbered(i), { cache });
    if (i % 20 === 0) await fetchVerified(file(), { cache });
  }
  const before = requests;
  await fetchVerified(file(), { cache });
  assert.equal(requests, before, "it is still there");
  await fetchVerified(numbered(0), { cache });
  assert.equal(requests, before + 1, "one that nobody used is not");
});

test("a file that is not yet old is not written again", async () => {
  const { cache } = fakeCache();
  await fetchVerified(file(), { cache });
  for (let i = 0; i < 10; i++) await fetchVerified(numbered(i), { cache });
  cache.put = async () => assert.fail("written again");
  await fetchVerified(file(), { cache });
});

test("small files, however many, push no verified one out", async () => {
  /** @type {Map<string, Cache>} */
  const all = new Map();
  const open = async (/** @type {string} */ name) => {
    if (!all.has(name)) all.set(name, fakeCache().cache);
    return all.get(name);
  };
  Object.defineProperty(globalThis, "caches", { value: { open }, configurable: true });
  try {
    await fetchVerified(file());
    for (let i = 0; i < 60; i++) await fetchSmall({ url: `${base}/small?${i}`, what: "a sample" });
    const before = requests;
    await fetchVerified(file());
    assert.equal(requests, before);
  } finally {
    Reflect.deleteProperty(globalThis, "caches");
  }
});

test("a small file comes from the network, and from the cache when there is none", async () => {
  const { cache, kept } = fakeCache();
  kept.set("http://127.0.0.1:9/card.json", Uint8Array.of(1, 2));
  assert.deepEqual(
    await fetchSmall({ url: "http://127.0.0.1:9/card.json", what: "a card" }, { cache }),
    Uint8Array.of(1, 2),
  );
  await assert.rejects(fetchSmall({ url: `${base}/missing`, what: "a card" }, { cache }), { code: "missing" });
});

/** @param {Uint8Array} content */
const arriving = (content) => /** @type {ReadableStream<Uint8Array>} */ (new Blob([content.slice()]).stream());

test("a file that arrives already is not asked for again, and is kept", async () => {
  const { cache, kept } = fakeCache();
  const before = requests;
  /** @type {string | null} */
  let type = null;
  const options = {
    cache,
    arriving: arriving(BODY),
    onResponse: (/** @type {Response} */ { headers }) => {
      type = headers.get("content-type");
    },
  };
  assert.deepEqual(await fetchVerified(file("/runtime.wasm"), options), BODY);
  assert.equal(requests, before);
  assert.equal(type, "application/wasm");
  assert.ok(kept.has(cacheKey(HASH, base)));
});

test("a file that arrives damaged is asked for", async () => {
  const before = requests;
  assert.deepEqual(await fetchVerified(file(), { cache: null, arriving: arriving(BODY.slice(1)) }), BODY);
  assert.equal(requests, before + 1);
});

for (const sha256 of [undefined, "", "abc"]) {
  test(`a file with the hash ${sha256} is refused without a request: it could be any`, async () => {
    const before = requests;
    const unlisted = /** @type {any} */ ({ ...file(), sha256 });
    await assert.rejects(fetchVerified(unlisted, { cache: null }), { code: "unlisted" });
    await assert.rejects(checkFile(unlisted), { code: "unlisted" });
    assert.equal(requests, before);
  });
}

test("a body that is larger than its file is refused while it is read", { timeout: 5000 }, async () => {
  /** @type {Promise<Uint8Array> | undefined} */
  let copy;
  const onResponse = (/** @type {Response} */ response) => {
    copy = response.bytes?.() ?? response.arrayBuffer().then((all) => new Uint8Array(all));
    copy.catch(() => {});
  };
  await assert.rejects(fetchVerified(file("/more"), { cache: null, onResponse }), { code: "oversized" });
  await assert.rejects(/** @type {Promise<Uint8Array>} */ (copy), { code: "oversized" });
});

test("a download that stalls ends, however much of it is here", { timeout: 5000 }, async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const passes = () => {
    for (let i = 0; i < STALL_S; i++) context.mock.timers.tick(1000);
  };
  await assert.rejects(
    fetchVerified(file("/stalled"), { cache: null, onProgress: () => queueMicrotask(() => queueMicrotask(passes)) }),
    {
      code: "stalled",
    },
  );
  const silent = assert.rejects(fetchVerified(file("/silent"), { cache: null }), { code: "stalled" });
  await new Promise((resolve) => {
    arrived = () => resolve(null);
  });
  passes();
  await silent;
});

for (const [what, damaged] of /** @type {const} */ ([
  ["damaged", BODY.slice(1)],
  ["of another version, and larger", Uint8Array.from({ length: BODY.length + 1 })],
])) {
  test(`a copy in the HTTP cache that is ${what} is replaced, also for the browser itself`, async (context) => {
    /** @type {(RequestCache | undefined)[]} */
    const asked = [];
    const sent = { default: damaged, reload: damaged };
    context.mock.method(globalThis, "fetch", async (/** @type {string} */ _, /** @type {any} */ { cache }) => {
      asked.push(cache);
      return new Response(sent[/** @type {"default" | "reload"} */ (cache)]);
    });
    await assert.rejects(checkFile(file()), { code: damaged.length > BODY.length ? "oversized" : "hash" });
    sent.reload = BODY;
    await checkFile(file());
    assert.deepEqual(asked, ["default", "reload", "default", "reload"]);
  });
}
