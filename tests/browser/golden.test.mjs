/** The golden inputs through a real browser, files and all: the widgets compute what Python computed. */

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { launch } from "./harness/browser.mjs";
import { goldenRun } from "./harness/drive.mjs";
import { report, where, wrong } from "./harness/golden-compare.mjs";
import { findModels, startServer } from "./harness/server.mjs";

const models = [...findModels()].filter(([, folder]) => existsSync(join(folder, "golden.json"))).map(([id]) => id);

/** @type {Awaited<ReturnType<typeof startServer>>} */
let server;
/** @type {import("playwright-core").Browser} */
let browser;
/** With a worker that keeps the runtime and the decoded inputs from model to model. @type {import("playwright-core").Page} */
let page;

before(async () => {
  server = await startServer();
  browser = await launch();
  page = await browser.newPage();
  await page.goto(server.url);
});
after(async () => {
  await browser?.close();
  await server?.close();
});

test("there are models with golden vectors", () => {
  assert.ok(models.length > 0, "no golden.json under site_assets/models or runs/models: run `make lab`");
});

for (const model of models) {
  test(`${model}: every golden input gives Python's answer in the browser`, { timeout: 240_000 }, async (context) => {
    const { rows } = await goldenRun(page, model);
    for (const line of report(model, rows).split("\n")) context.diagnostic(line);
    assert.ok(new Set(rows.map((row) => row.input)).size >= 24);
    for (const row of rows) assert.deepEqual(wrong(row), [], where(row));
  });
}
