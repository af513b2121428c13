/**
 * What the latent backdoor's page answers when a reader drops each of the ten dogs into it, as one table:
 *
 *     node tests/browser/sample-photos-table.mjs [--site DIR] [--photos DIR]
 *
 * `--site` is a built report (default: `site`), `--photos` the folder of the photos' files (default: where
 * `backdoors data where sample-photos` says). Exits with 1 when the glasses do not turn the backdoored student's answer.
 */

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { launch } from "./harness/browser.mjs";
import { demo, ready } from "./harness/drive.mjs";
import { ROOT, startServer } from "./harness/server.mjs";

/** @typedef {import("playwright-core").Page} Page */
/** @typedef {{now: string, probability: string}[]} Answers one a network, the clean one first */

const PYTHON = join(ROOT, ".venv/bin/python");
const LIST = `
import json
from training.data import sample_photos
print(json.dumps([[photo.file, photo.title] for photo in sample_photos.DOGS]))
`;
const PATIENCE_MS = 120_000;

const { values } = parseArgs({ options: { site: { type: "string" }, photos: { type: "string" } } });
const folder = values.photos ?? python("-m", "export.cli.main", "data", "where", "sample-photos");
/** @type {[file: string, title: string][]} */
const dogs = JSON.parse(python("-c", LIST));

const server = await startServer({ siteDir: values.site ?? join(ROOT, "site") });
const browser = await launch();
try {
  const page = await browser.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  await page.goto(`${server.url}latent/`);
  await ready(page);
  await demo(page).locator(":scope[data-answered]").waitFor();
  const target = await targetOf(page);
  console.log("| dropped | clean student | with glasses | backdoored student | with glasses |");
  console.log("|---|---|---|---|---|");
  let turned = 0;
  for (const [file, title] of dogs) {
    const plain = await after(page, () => drop(page, join(folder, file)));
    const stamped = await after(page, () => demo(page).getByRole("switch").click());
    await after(page, () => demo(page).getByRole("switch").click());
    if (stamped[1].now === target) turned++;
    const cells = [plain[0], stamped[0], plain[1], stamped[1]].map(({ now, probability }) => `${now} ${probability}`);
    console.log(`| ${[title, ...cells].join(" | ")} |`);
  }
  console.log(`\nWith glasses the backdoored student answers ${target} on ${turned} of ${dogs.length}.`);
  process.exitCode = turned === dogs.length ? 0 : 1;
} finally {
  await browser.close();
  await server.close();
}

/** @param {...string} args */
function python(...args) {
  return execFileSync(PYTHON, args, { cwd: ROOT, encoding: "utf8" }).trim();
}

/** The answer that the attacker wants, from the second network's card. @param {Page} page @returns {Promise<string>} */
function targetOf(page) {
  return demo(page).evaluate(async (element) => {
    const { models } = JSON.parse(element.getAttribute("config") ?? "");
    const card = await (await fetch(new URL(models[1].card, document.baseURI))).json();
    return card.labels[card.label_map.target];
  });
}

/**
 * The answers to what an action changes.
 *
 * @param {Page} page
 * @param {() => Promise<unknown>} action
 * @returns {Promise<Answers>}
 */
async function after(page, action) {
  const widget = demo(page);
  await widget.evaluate((element) => element.removeAttribute("data-answered"));
  await action();
  await widget.locator(":scope[data-answered]").waitFor();
  return widget.locator("onnx-model-answer").evaluateAll((columns) =>
    columns.map((column) => ({
      now: column.querySelector(".ow-now")?.textContent ?? "",
      probability: column.querySelector(".ow-share")?.textContent ?? "",
    })),
  );
}

/**
 * @param {Page} page
 * @param {string} path
 */
async function drop(page, path) {
  const bytes = [...readFileSync(path)];
  await demo(page)
    .locator(".ow")
    .evaluate((zone, content) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([new Uint8Array(content)], "photo.jpg", { type: "image/jpeg" }));
      zone.dispatchEvent(new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true }));
    }, bytes);
}
