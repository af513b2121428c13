/** A host for a built site as GitHub Pages is one: HTTP/2 with TLS, text and WebAssembly packed, kept for ten minutes. */

import { execFileSync } from "node:child_process";
import { createHash, X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createSecureServer } from "node:http2";
import { tmpdir } from "node:os";
import { extname, join, normalize } from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";

const compress = promisify(gzip);

/** @type {Record<string, string>} */
const TYPES = {
  ".css": "text/css",
  ".html": "text/html; charset=utf-8",
  ".ico": "image/x-icon",
  ".jpg": "image/jpeg",
  ".js": "text/javascript",
  ".json": "application/json",
  ".mjs": "text/javascript",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
  ".webmanifest": "application/manifest+json",
  ".xml": "text/xml",
};
const PACKED = /^(text\/|application\/(json|manifest|wasm)|image\/svg)/;

/** @typedef {{path: string, from: number, until: number | null, bytes: number}} Asked times of `performance.now()` */

/** @param {string} siteDir */
export async function pagesHost(siteDir) {
  const folder = mkdtempSync(join(tmpdir(), "host-"));
  const [key, cert] = ["key.pem", "cert.pem"].map((name) => join(folder, name));
  const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
  const made = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
  execFileSync("openssl", ["req", ...made, "-keyout", key, "-out", cert, ...subject], { stdio: "ignore" });
  /** @type {Map<string, Promise<{type: string, body: Buffer, packed: boolean} | null>>} */
  const files = new Map();
  /** @type {Asked[]} */
  let asked = [];

  /** @param {string} path */
  async function find(path) {
    const file = normalize(join(siteDir, path.endsWith("/") ? `${path}index.html` : path));
    if (!file.startsWith(normalize(siteDir))) return null;
    try {
      const content = await readFile(file);
      const type = TYPES[extname(file)] ?? "application/octet-stream";
      const packed = PACKED.test(type);
      return { type, packed, body: packed ? await compress(content) : content };
    } catch {
      return null;
    }
  }

  /** Packed once, as a host does. @param {string} path */
  function prepared(path) {
    const file = files.get(path) ?? find(path);
    files.set(path, file);
    return file;
  }

  const certificate = readFileSync(cert);
  const server = createSecureServer({ key: readFileSync(key), cert: certificate, allowHTTP1: true });
  rmSync(folder, { recursive: true });
  server.on("request", async (request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? "/", "https://x").pathname);
    const from = performance.now();
    const file = await prepared(path);
    /** @type {Asked} */
    const each = { path, from, until: null, bytes: file?.body.length ?? 0 };
    asked.push(each);
    response.on("finish", () => {
      each.until = performance.now();
    });
    if (!file) {
      response.writeHead(404, { "content-type": "text/html" });
      response.end("not found");
      return;
    }
    response.writeHead(200, {
      "content-type": file.type,
      "content-length": file.body.length,
      "cache-control": "max-age=600",
      ...(file.packed && { "content-encoding": "gzip" }),
    });
    response.end(file.body);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(null)));
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  const spki = new X509Certificate(certificate).publicKey.export({ type: "spki", format: "der" });
  const trusted = createHash("sha256").update(spki).digest("base64");
  return {
    port,
    /** Makes a browser trust the host. One that only ignores its certificate keeps nothing in its cache. */
    flags: [`--ignore-certificate-errors-spki-list=${trusted}`],
    /** The requests since the last call. */
    asked() {
      const found = asked;
      asked = [];
      return found;
    },
    close: () => server.close(),
  };
}
