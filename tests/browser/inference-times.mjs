/**
 * How long one inference takes in the browser, beside onnxruntime on this machine, one thread each, in the same run:
 *
 *     node tests/browser/inference-times.mjs [--out FILE] [MODEL…]
 *
 * Without models: all that are released. Medians of 50 after the first, and the fastest,
 * which other programs disturb less. Also the bytes that a reader's first answer takes.
 */

import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { totalBytes } from "../../site_assets/widgets/core/card.mjs";
import { launch } from "./harness/browser.mjs";
import { defaultConfig, findModels, ROOT, startServer } from "./harness/server.mjs";

const RUNS = 50;
const PYTHON = process.env.PYTHON ?? join(ROOT, ".venv/bin/python");
const NATIVE = `
import json, statistics, sys, time
import numpy as np
from export.session import open_session
from pathlib import Path
shape, path, runs = json.loads(sys.argv[1])
session = open_session(Path(path))
name = session.get_inputs()[0].name
tensor = np.random.default_rng(0).uniform(-1, 1, shape).astype(np.float32)
found = []
for _ in range(runs + 1):
    began = time.perf_counter()
    session.run(None, {name: tensor})
    found.append(1000 * (time.perf_counter() - began))
print(json.dumps([statistics.median(found[1:]), min(found[1:])]))
`;

const { values, positionals } = parseArgs({ options: { out: { type: "string" } }, allowPositionals: true });
const known = findModels();
const models = positionals.length > 0 ? positionals : [...known.keys()].filter((id) => !id.startsWith("photos-"));
const missing = models.filter((id) => !known.has(id));
if (missing.length > 0) {
  console.error(`no model ${missing.join(", ")}; there are ${[...known.keys()].join(", ")}`);
  process.exit(1);
}

/** @param {number[]} numbers */
function median(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

const browser = await launch();
const server = await startServer();
const rows = [];
console.log(
  `${"model".padEnd(28)} ${"file".padEnd(17)}    bytes    open   first browser fastest  native fastest bytes to the first answer`,
);
for (const id of models) {
  const folder = /** @type {string} */ (known.get(id));
  const card = JSON.parse(readFileSync(join(folder, "card.json"), "utf8"));
  for (const file of card.files) {
    const page = await browser.newPage();
    await page.goto(server.url);
    const { result, error } = await page.evaluate(
      (request) =>
        new Promise((resolve) => {
          const worker = new Worker("assets/harness/timing-worker.mjs", { type: "module" });
          worker.addEventListener("message", ({ data }) => resolve(data));
          worker.addEventListener("error", (event) => resolve({ error: event.message }));
          worker.postMessage({ ...request, base: document.baseURI });
        }),
      { model: id, precision: file.precision, runs: RUNS },
    );
    await page.close();
    if (error) throw new Error(`${id}: ${error}`);
    const { channels, height, width } = card.input;
    const request = JSON.stringify([[1, channels, height, width], join(folder, file.name), RUNS]);
    const native = JSON.parse(execFileSync(PYTHON, ["-c", NATIVE, request], { cwd: ROOT, encoding: "utf8" }));
    const row = {
      model: id,
      precision: file.precision,
      bytes: totalBytes([file]),
      open: result.open,
      first: result.first,
      browser: median(result.later),
      fastest: Math.min(...result.later),
      native: native[0],
      nativeFastest: native[1],
      bytesToFirstAnswer: await bytesToFirstAnswer(id, file.precision, card.input),
    };
    rows.push(row);
    const numbers = [row.open, row.first, row.browser, row.fastest, row.native, row.nativeFastest]
      .map((each) => each.toFixed(1).padStart(7))
      .join(" ");
    const bytes = String(row.bytes).padStart(8);
    console.log(`${id.padEnd(28)} ${file.precision.padEnd(17)} ${bytes} ${numbers} ${row.bytesToFirstAnswer}`);
  }
}
await server.close();
await browser.close();
if (values.out) {
  const report = { runs: RUNS, cpu: cpus()[0].model, browser: browser.version(), rows };
  writeFileSync(values.out, `${JSON.stringify(report, null, 2)}\n`);
}

/**
 * Everything that a page with this model alone fetches until it answers, uncompressed.
 *
 * @param {string} id
 * @param {string} precision
 * @param {{height: number, width: number, channels: number}} image
 */
async function bytesToFirstAnswer(id, precision, { height, width, channels }) {
  const given = defaultConfig();
  const config = {
    ...given,
    models: [{ card: `models/${id}/card.json`, title: "Network", precision }],
    inputs: ["samples"],
    samples: given.samples.slice(0, 1),
    image: { height, width, channels },
  };
  const own = await startServer({ config });
  const context = await browser.newContext();
  const page = await context.newPage();
  let bytes = 0;
  page.context().on("response", (response) => {
    bytes += Number(response.headers()["content-length"] ?? 0);
  });
  await page.goto(own.url);
  await page.locator("onnx-demo[data-answered]").waitFor({ timeout: 120_000 });
  await context.close();
  await own.close();
  return bytes;
}
