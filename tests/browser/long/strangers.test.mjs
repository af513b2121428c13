/**
 * Sites of other people, built strict with the wheel: a click leads to the widget, and it answers.
 *
 * `make sites` builds all of them in an environment of their own, which SITES_PYTHON names; `make test-long` a few. SITES names
 * others.
 */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { launch } from "../harness/browser.mjs";
import { DIGITS, draw, ready, summary } from "../harness/drive.mjs";
import { ROOT, startServer } from "../harness/server.mjs";

/**
 * @typedef {object} Site
 * @property {string} name
 * @property {string} base
 * @property {string} start
 * @property {string | null} click
 * @property {boolean} instant
 * @property {number} port
 * @property {string} siteDir
 */

const out = mkdtempSync(join(tmpdir(), "strangers-"));
after(() => rmSync(out, { recursive: true }));
const python = process.env.SITES_PYTHON;
const lines = execFileSync(
  join(ROOT, ".venv/bin/python"),
  [
    "-m",
    "tests.sites.build",
    out,
    ...(python ? ["--python", python] : []),
    ...(process.env.SITES ?? "").split(" ").filter(Boolean),
  ],
  { cwd: ROOT, encoding: "utf8", env: { ...process.env, NO_MKDOCS_2_WARNING: "1" } },
);
/** @type {Site[]} */
const sites = lines
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line));

/** @type {import("playwright-core").Browser} */
let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

for (const { name, base, start, click, instant, port, siteDir } of sites) {
  test(`${name}: the widget answers`, async () => {
    const server = await startServer({ siteDir, base, port });
    const page = await browser.newPage({ viewport: { width: 1000, height: 900 } });
    try {
      /** @type {string[]} */
      const wrong = [];
      page.on("pageerror", (error) => {
        if (error.stack?.includes("/onnx-widgets/")) wrong.push(error.message); // else it is the theme's
      });
      page.on("response", (found) => {
        if (found.status() >= 400 && found.url().includes("/onnx-widgets/")) wrong.push(found.url());
      });
      // What a theme fetches from elsewhere is not there, and never answers.
      await page.route(
        (url) => url.hostname !== "127.0.0.1",
        (route) => route.abort(),
      );
      await page.goto(server.url + start, { waitUntil: "domcontentloaded" });
      if (instant) await page.waitForFunction(() => "document$" in globalThis);
      await page.evaluate(() => Object.assign(globalThis, { kept: true }));
      if (click) await page.getByRole("link", { name: click }).first().click();
      await ready(page);
      if (click) assert.equal(await page.evaluate(() => "kept" in globalThis), instant);
      await draw(page, DIGITS[7]);
      await summary(page, /say/);
      assert.deepEqual(wrong, []);
    } finally {
      await page.close();
      await server.close();
    }
  });
}
