/**
 * Firefox computes what Python computes, and every page of the report works in it.
 *
 * Some of its decoders differ from Pillow's, and the tests hold them to what was measured: it rounds transparent pixels on
 * white and values of 16 bits by up to 1, and it has another AVIF decoder. In a GIF, an index beyond the palette is
 * transparent; in Pillow and Chromium it is black.
 */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { goldenRun } from "../harness/drive.mjs";
import { launchFirefox, newPage, skip } from "../harness/firefox.mjs";
import { report, where, wrong } from "../harness/golden-compare.mjs";
import { BASE, findModels, ROOT, startServer } from "../harness/server.mjs";

/** Golden inputs with transparent pixels. */
const TRANSPARENT = /alpha|transparent|16bit|cut-out/;
/** Of a logit, relative to the largest, after a pixel was rounded otherwise. */
const AFTER_ROUNDING = 0.05;
const AVIF = join(ROOT, ".cache/fixtures/avif");
/** The largest difference of a pixel of an AVIF that was ever seen, and the largest on average. */
const [AVIF_MOST, AVIF_MEAN] = [106, 1];

const siteDir = process.env.REPORT_SITE;
const models = [...findModels()].filter(([, folder]) => existsSync(join(folder, "golden.json"))).map(([id]) => id);

/** @type {import("puppeteer-core").Browser} */
let firefox;
/** @type {Awaited<ReturnType<typeof startServer>>} */
let server;
/** @type {Awaited<ReturnType<typeof newPage>>} */
let shared;

before(async () => {
  if (skip) return;
  server = await startServer();
  firefox = await launchFirefox();
  shared = await newPage(firefox);
  await shared.page.goto(server.url);
});
after(async () => {
  await firefox?.close();
  await server?.close();
});

for (const model of models) {
  test(`${model}: every golden input gives Python's answer in Firefox`, { skip, timeout: 240_000 }, async (context) => {
    const { rows } = await goldenRun(/** @type {any} */ (shared.page), model);
    for (const line of report(model, rows).split("\n")) context.diagnostic(line);
    for (const row of rows) {
      if (!TRANSPARENT.test(row.input)) assert.deepEqual(wrong(row), [], where(row));
      for (const [precision, difference] of Object.entries(row.logits)) {
        assert.ok(difference < AFTER_ROUNDING, `${where(row)}: ${precision} logits ${difference}`);
        assert.ok(row.top[precision], `${where(row)}: ${precision} top-1`);
      }
    }
  });
}

test("an AVIF's pixels differ from Pillow's by no more than is known", { skip }, async (context) => {
  const expected = readFileSync(join(AVIF, "photo.rgb"));
  const found = await shared.page.evaluate(async () => {
    const { decodeImage } = await import(new URL("assets/widgets-dev/widgets/core/decode.mjs", document.baseURI).href);
    const blob = await (await fetch("fixtures/avif/photo.avif")).blob();
    return Array.from((await decodeImage(blob, { maxPixels: 1e6 })).data);
  });
  assert.equal(found.length, expected.length);
  const differences = found.map((value, at) => Math.abs(value - expected[at]));
  const most = differences.reduce((a, b) => Math.max(a, b), 0);
  const mean = differences.reduce((a, b) => a + b, 0) / differences.length;
  context.diagnostic(`AVIF: at most ${most}, on average ${mean.toFixed(3)}`);
  assert.ok(most <= AVIF_MOST && mean <= AVIF_MEAN, `at most ${most}, on average ${mean}`);
});

test("bitmaps are read as Python reads them, with colours of 5 and 6 bits, too", { skip }, async () => {
  const python = ["-m", "tests.export.pipeline.odd_images"];
  const listed = JSON.parse(execFileSync(join(ROOT, ".venv/bin/python"), python, { cwd: ROOT, encoding: "utf8" }));
  const bitmaps = listed.filter((/** @type {any} */ { file, rgb }) => atob(file).startsWith("BM") && rgb);
  assert.ok(bitmaps.length > 0);
  const found = await shared.page.evaluate(
    async (files) => {
      const { decodeImage } = await import(
        new URL("assets/widgets-dev/widgets/core/decode.mjs", document.baseURI).href
      );
      const decoded = [];
      for (const file of files) {
        const blob = new Blob([Uint8Array.from(atob(file), (letter) => letter.charCodeAt(0))]);
        decoded.push([...(await decodeImage(blob, { maxPixels: 100 })).data]);
      }
      return decoded;
    },
    bitmaps.map((/** @type {{file: string}} */ { file }) => file),
  );
  for (const [index, { rgb }] of bitmaps.entries()) assert.deepEqual(found[index], rgb, `bitmap ${index}`);
});

test("every page of the report opens, its widgets answer, and nothing is blocked or wrong", {
  skip: skip || (siteDir === undefined && "REPORT_SITE names no built report"),
  timeout: 600_000,
}, async (context) => {
  const site = await startServer({ siteDir });
  const { page, wrong: complaints } = await newPage(firefox);
  try {
    const map = readFileSync(join(siteDir ?? "", "sitemap.xml"), "utf8");
    const pages = [...map.matchAll(/<loc>https?:\/\/[^/]+(\/[^<]*)<\/loc>/g)].map(([, path]) =>
      path.slice(BASE.length),
    );
    assert.ok(pages.length > 10, pages.join());
    let widgets = 0;
    for (const address of pages) {
      await page.goto(new URL(`${BASE}${address}`, site.url).href);
      const here = (await page.$$("onnx-demo")).length;
      for (let which = 0; which < here; which++) {
        await page.evaluate((at) => document.querySelectorAll("onnx-demo")[at].scrollIntoView(), which);
        await page.waitForFunction(
          (at) => {
            const widget = document.querySelectorAll("onnx-demo")[at];
            const line = widget.querySelector(".ow-summary");
            const failed = widget.querySelector("onnx-load-progress[data-state=failed]");
            return failed !== null || /say|trigger|draw/i.test(line?.textContent ?? "");
          },
          {},
          which,
        );
      }
      if (await page.$("backdoor-lab"))
        await page.waitForFunction(() =>
          document.querySelector(".bl-status")?.textContent?.includes("Trained in this tab"),
        );
      const failed = await page.$$eval("onnx-load-progress[data-state=failed]", (all) =>
        all.map((each) => each.textContent),
      );
      assert.deepEqual(failed, [], address);
      assert.deepEqual(complaints, [], address);
      widgets += here;
    }
    context.diagnostic(`${pages.length} pages, ${widgets} widgets in ${await firefox.version()}`);
    assert.ok(widgets > 5);
  } finally {
    await page.close();
    await site.close();
  }
});
