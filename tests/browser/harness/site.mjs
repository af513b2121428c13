/** The report: the one in REPORT_SITE, as `make test-browser` builds it for all files, or built for a file's tests. */

import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { BASE, ROOT } from "./server.mjs";

/** Drawings in place of the sample photos, for machines without these: `make fixtures`. */
const DRAWINGS = join(ROOT, ".cache/fixtures/data");

export async function buildSite() {
  const port = await freePort();
  const host = `127.0.0.1:${port}`;
  const home = `http://${host}${BASE}`;
  const siteDir = process.env.REPORT_SITE ?? built(home);
  const pages = readdirSync(siteDir, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith("index.html"))
    .map((path) => path.replace(/index\.html$/, ""))
    .sort();
  const withWidgets = pages.filter((path) =>
    readFileSync(join(siteDir, path, "index.html"), "utf8").includes("<onnx-demo"),
  );
  return { siteDir, port, host, home, pages, withWidgets };
}

/** @param {string} home */
function built(home) {
  const siteDir = mkdtempSync(join(tmpdir(), "report-"));
  after(() => rmSync(siteDir, { recursive: true }));
  execFileSync(join(ROOT, ".venv/bin/mkdocs"), ["build", "--strict", "--quiet", "--site-dir", siteDir], {
    cwd: ROOT,
    env: { BACKDOORS_DATA: DRAWINGS, ...process.env, SITE_URL: home, NO_MKDOCS_2_WARNING: "1" },
  });
  return siteDir;
}

/** @returns {Promise<number>} */
function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
      server.close(() => resolve(port));
    });
  });
}
