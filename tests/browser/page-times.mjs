/**
 * How long a reader waits, and how long the page is blocked; on a quiet machine, please: `node tests/browser/page-times.mjs`
 *
 * Tells the medians of five visits. Exits with 1 when a figure is above its limit.
 */

import { join } from "node:path";
import { watchBlocks } from "./harness/blocks.mjs";
import { launch } from "./harness/browser.mjs";
import { DIGITS, demo, draw, ready, summary } from "./harness/drive.mjs";
import { ROOT, startServer } from "./harness/server.mjs";

/** @typedef {import("playwright-core").Page} Page */

const VISITS = 5;
const VIEWPORT = { width: 1000, height: 900 };

const server = await startServer();
const browser = await launch();

/** @param {Page} page */
async function firstAnswer(page) {
  const start = performance.now();
  await page.goto(server.url);
  await demo(page).locator(":scope[data-answered]").waitFor();
  return performance.now() - start;
}

/** From a click on the switch to the changed sentence. @param {Page} page */
async function switched(page) {
  await draw(page, DIGITS[7]);
  await summary(page, /Both networks say 7/);
  return page.evaluate(async () => {
    const root = /** @type {HTMLElement} */ (document.querySelector("onnx-demo"));
    const line = /** @type {HTMLElement} */ (root.querySelector(".ow-summary"));
    const changed = new Promise((resolve) => {
      new MutationObserver(() => resolve(performance.now())).observe(line, {
        childList: true,
        characterData: true,
        subtree: true,
      });
    });
    const start = performance.now();
    /** @type {HTMLElement} */ (root.querySelector("[role=switch]")).click();
    return /** @type {number} */ (await changed) - start;
  });
}

/** The longest block of the main thread, by the clock: load, draw, trigger, a 12-megapixel photo. @param {Page} page */
async function longestBlock(page) {
  const { clock } = await watchBlocks(page, async () => {
    await page.goto(server.url);
    await ready(page);
    await draw(page, [...DIGITS[3], ...DIGITS[7]]);
    await summary(page, /say/);
    await demo(page).getByRole("switch").click();
    await summary(page, /trigger/i);
    await demo(page).getByRole("button", { name: "Clear" }).click();
    const chooser = page.waitForEvent("filechooser");
    await demo(page).getByRole("button", { name: "Photo" }).click();
    await (await chooser).setFiles(join(ROOT, "tests/golden/inputs/twelve-megapixels.jpg"));
    await demo(page).locator(".ow-photo:not([hidden])").waitFor();
    await demo(page).locator(":scope[data-answered]").waitFor();
  });
  return clock;
}

/** @type {[name: string, limit: number, found: number[]][]} */
const figures = [
  ["first answer, cold", 10_000, []],
  ["first answer, warm", 5_000, []],
  ["from the switch to the changed answer", 300, []],
  ["longest block of the page", 100, []],
];
for (let visit = 0; visit < VISITS; visit++) {
  const context = await browser.newContext({ viewport: VIEWPORT });
  const page = await context.newPage();
  figures[0][2].push(await firstAnswer(page));
  figures[1][2].push(await firstAnswer(page));
  figures[2][2].push(await switched(page));
  figures[3][2].push(await longestBlock(await context.newPage()));
  await context.close();
}
for (const [name, limit, found] of figures) {
  const median = found.toSorted((a, b) => a - b)[found.length >> 1];
  console.log(`${name.padEnd(40)} ${median.toFixed(1).padStart(8)} ms   (limit ${limit})`);
  if (median > limit) process.exitCode = 1;
}
await browser.close();
await server.close();
