/**
 * A static server for the tests: under a sub-path, with the types a real host sends, and with faults on demand.
 *
 * Without `siteDir` it serves a page of its own around the widgets; with it, a built site, compressed as hosts do.
 */

import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { BUILDS } from "../../../site_assets/widgets/core/runtime.mjs";
import { harnessPage } from "./page.mjs";

export const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
export const BASE = "/report/";
const ORT = join(ROOT, "node_modules/onnxruntime-web/dist");
const compress = promisify(gzip);
const COMPRESSED = /^(text\/|application\/json|image\/svg)/;
const RUNTIME_FILES = Object.values(BUILDS).flatMap((build) => Object.values(build));

/** @type {Record<string, string>} */
const TYPES = {
  ".css": "text/css",
  ".html": "text/html; charset=utf-8",
  ".jpg": "image/jpeg",
  ".js": "text/javascript",
  ".json": "application/json",
  ".mjs": "text/javascript",
  ".onnx": "application/octet-stream",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
};

const ISOLATION = {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
};

/** Folders that may hold a model, the released ones first. */
const MODEL_FOLDERS = ["site_assets/models", "runs/models", ".cache/fixtures/models", process.env.MODELS_DIR ?? []]
  .flat()
  .map((folder) => resolve(ROOT, folder));
/** Small models of photos and drawn images: `make fixtures`. */
const FIXTURES = join(ROOT, ".cache/fixtures");

/** @returns {Map<string, string>} id -> folder */
export function findModels() {
  const found = new Map();
  for (const folder of MODEL_FOLDERS.filter((each) => existsSync(each))) {
    for (const id of readdirSync(folder)) {
      if (!found.has(id) && existsSync(join(folder, id, "card.json"))) found.set(id, join(folder, id));
    }
  }
  return found;
}

/** @param {string} path below the base @returns {Promise<Buffer | null>} */
async function ownFile(path) {
  const [first, ...rest] = path.split("/");
  const inside = rest.join("/");
  if (first === "assets" && inside.startsWith("widgets-dev/")) {
    const name = inside.slice("widgets-dev/".length);
    if (name === "widgets/core/published.mjs") return publishedModule();
    if (name.startsWith("ort/")) return read(ORT, name.slice(4));
    return read(join(ROOT, "site_assets"), name);
  }
  if (first === "assets" && inside.startsWith("harness/")) {
    return read(join(ROOT, "tests/browser/harness"), inside.slice("harness/".length));
  }
  if (first === "models") {
    const folder = findModels().get(rest[0]);
    return folder ? read(folder, rest.slice(1).join("/")) : null;
  }
  if (first === "golden") {
    const [digits, photos] = ["inputs", "photos"].map((folder) => join(ROOT, "tests/golden", folder));
    return (await read(digits, inside)) ?? read(photos, inside);
  }
  if (first === "fixtures") return read(FIXTURES, inside);
  return null;
}

/** Sizes and hashes, by a file's path and the time it was changed: the runtime's files are large. @type {Map<string, Promise<Digest>>} */
const digests = new Map();

/** @typedef {{bytes: number, sha256: string}} Digest */

/** @param {string} path @returns {Promise<Digest>} */
async function digestOf(path) {
  const version = `${path} ${(await stat(path)).mtimeMs}`;
  let digest = digests.get(version);
  if (!digest) {
    digest = readFile(path).then(hashed);
    digests.set(version, digest);
  }
  return digest;
}

/** @param {Buffer} data @returns {Digest} */
function hashed(data) {
  return { bytes: data.length, sha256: createHash("sha256").update(data).digest("hex") };
}

/** As a site's build writes it (`site_src/plugin/runtime.py`), but with every module, the worker's and the others. */
async function publishedModule() {
  /** @type {Record<string, Digest>} */
  const files = {};
  const note = async (/** @type {string} */ address, /** @type {string} */ path) => {
    files[address] = await digestOf(path);
  };
  const widgets = join(ROOT, "site_assets/widgets");
  for (const folder of ["core", "lab", "triggers", "worker"])
    for (const name of readdirSync(join(widgets, folder), { recursive: true, encoding: "utf8" }))
      if (name.endsWith(".mjs") && name !== "published.mjs")
        await note(`widgets/${folder}/${name}`, join(widgets, folder, name));
  for (const name of ["lab/lab.json", "lab/game.json"]) await note(name, join(ROOT, "site_assets", name));
  for (const name of RUNTIME_FILES) await note(`ort/${name}`, join(ORT, name));
  const text = await readFile(join(widgets, "core/published.mjs"), "utf8");
  return Buffer.from(text.replace("PUBLISHED = {}", () => `PUBLISHED = ${JSON.stringify(files)}`));
}

/**
 * A configuration with the size and hash of each card that it names, as a site's build writes it.
 *
 * @param {any} config
 */
export async function withHashes(config) {
  const models = await Promise.all(
    config.models.map(async (/** @type {any} */ model) => {
      const data = await ownFile(model.card);
      if (!data) return model;
      return { ...hashed(data), ...model };
    }),
  );
  return { ...config, models };
}

/**
 * @param {string} folder
 * @param {string} name
 */
async function read(folder, name) {
  const path = normalize(join(folder, name));
  if (!path.startsWith(folder)) return null;
  try {
    const file = (await stat(path)).isDirectory() ? join(path, "index.html") : path;
    return await readFile(file);
  } catch {
    return null;
  }
}

/**
 * @typedef {object} Fault what happens to requests whose path it matches
 * @property {RegExp} path
 * @property {"html-404" | "html-200" | "corrupt" | "stalled" | "down"} kind stalled: half of it arrives, the rest after the
 *   next `setFaults`
 */

/**
 * @param {{siteDir?: string, base?: string, config?: object, port?: number, isolated?: boolean}} [options] `isolated`: with
 *   the headers that threads need
 */
export async function startServer({ siteDir, base = BASE, config, port = 0, isolated = false } = {}) {
  /** @type {Fault[]} */
  let faults = [];
  /** Each sends the rest of a stalled answer. @type {Set<() => void>} */
  const stalled = new Set();
  /** @type {string[]} */
  const requests = [];
  const server = createServer(async (request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? "/", "http://x").pathname);
    requests.push(path);
    const fault = faults.find((each) => each.path.test(path));
    if (fault?.kind === "down") {
      request.socket.destroy();
      return;
    }
    const body = path.startsWith(base) ? await find(path.slice(base.length)) : null;
    const type = TYPES[extname(path) || ".html"] ?? "application/octet-stream";
    if (!body || fault?.kind === "html-404" || fault?.kind === "html-200") {
      const status = fault?.kind === "html-200" ? 200 : 404;
      response.writeHead(status, { "content-type": "text/html" }).end("<!DOCTYPE html><title>Not here</title>");
      return;
    }
    const zip = Boolean(siteDir) && COMPRESSED.test(type) && /gzip/.test(request.headers["accept-encoding"] ?? "");
    const whole = fault?.kind === "corrupt" ? corrupted(body) : body;
    const data = zip ? await compress(whole) : whole;
    response.writeHead(200, {
      "content-type": type,
      "content-length": data.length,
      "cache-control": "max-age=600",
      ...(isolated && ISOLATION),
      ...(zip && { "content-encoding": "gzip" }),
    });
    // If the faults were lifted while the file was read, nobody would send the rest of this answer.
    if (fault?.kind !== "stalled" || !faults.includes(fault)) {
      response.end(data);
      return;
    }
    const half = data.length >> 1;
    response.write(data.subarray(0, half));
    stalled.add(() => response.end(data.subarray(half)));
  });

  /** @param {string} path */
  async function find(path) {
    if (siteDir) return read(siteDir, path || "index.html");
    if (path === "" || path === "index.html")
      return Buffer.from(harnessPage(await withHashes(config ?? defaultConfig())));
    return ownFile(path);
  }

  await new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => resolve(null));
  });
  const address = /** @type {import("node:net").AddressInfo} */ (server.address());
  return {
    url: `http://127.0.0.1:${address.port}${base}`,
    requests,
    /** @param {Fault[]} next */
    setFaults(next) {
      faults = next;
      for (const finish of stalled) finish();
      stalled.clear();
    },
    close: () =>
      new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      }),
  };
}

/** @param {Buffer} body */
function corrupted(body) {
  const copy = Buffer.from(body);
  copy[copy.length >> 1] ^= 1;
  return copy;
}

/** A clean and a backdoored network side by side: the released pair, or else the quick one. */
export function defaultConfig() {
  const models = findModels();
  const data = models.has("mnist-badnet") && models.has("mnist-clean") ? "mnist" : "digits";
  return {
    id: "demo",
    title: "Two networks, one image",
    models: [
      { card: `models/${data}-clean/card.json`, title: "Clean network" },
      { card: `models/${data}-badnet/card.json`, title: "Backdoored network" },
    ],
    inputs: ["draw", "samples", "upload", "camera"],
    samples: samples(),
    trigger: "switch",
    top: 3,
    compare: true,
    input: inputOf(`${data}-clean`),
  };
}

/** A model's input pipeline. @param {string} id */
function inputOf(id) {
  const folder = findModels().get(id);
  return folder ? JSON.parse(readFileSync(join(folder, "card.json"), "utf8")).input : null;
}

/** The same for photos: the fixture's pair, or any two models. @param {[string, string]} [ids] */
export function photosConfig(ids = ["photos-clean", "photos-badnet"]) {
  const folder = join(FIXTURES, "samples");
  if (!existsSync(folder)) throw new Error("there are no models of photos to try: run `make fixtures`");
  return {
    ...defaultConfig(),
    title: "Two networks, one photo",
    models: [
      { card: `models/${ids[0]}/card.json`, title: "Clean network" },
      { card: `models/${ids[1]}/card.json`, title: "Backdoored network" },
    ],
    input: inputOf(ids[0]),
    inputs: ["samples", "upload", "camera"],
    samples: readdirSync(folder).map((name) => ({ src: `fixtures/samples/${name}`, alt: `A drawn ${name}` })),
    top: 5,
  };
}

function samples() {
  const folder = join(ROOT, "tests/golden/inputs");
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).filter((name) => /\.png$/.test(name));
  return names.slice(0, 6).map((name) => ({ src: `golden/${name}`, alt: name.replace(/\.png$/, "") }));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const server = await startServer({ siteDir: process.env.SITE_DIR, port: Number(process.env.PORT ?? 8123) });
  console.log(server.url);
}
