/** How long the page is blocked, and how long the first answer takes, cold and warm. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { watchBlocks } from "./harness/blocks.mjs";
import { DIGITS, demo, draw, ready, summary } from "./harness/drive.mjs";
import { ROOT } from "./harness/server.mjs";
import { setup } from "./harness/setup.mjs";

const shared = setup();
const LIMIT_MS = 100;

test("a block of more than 100 ms is noticed", async () => {
  await shared.withPage(async (page) => {
    const { processor, clock } = await watchBlocks(page, async () => {
      await page.goto(shared.server.url);
      await page.evaluate(() => {
        let sum = 0;
        for (let i = 0; i < 1e8; i++) sum += Math.sqrt(sum + 1);
        return sum;
      });
    });
    assert.ok(processor > LIMIT_MS, `${processor} ms of processor time`);
    assert.ok(clock >= processor, `${clock} ms by the clock`);
  });
});

test("the page is never blocked for 100 ms: load, draw, trigger, a 12-megapixel photograph", async (context) => {
  await shared.withPage(async (page) => {
    const { processor, clock } = await watchBlocks(page, async () => {
      await page.goto(shared.server.url);
      await ready(page);
      await draw(page, [...DIGITS[3], ...DIGITS[7]]);
      await summary(page, /say/);
      await demo(page).getByRole("switch").click();
      await summary(page, /trigger/i);
      await demo(page).getByRole("button", { name: "Clear" }).click();
      await demo(page).locator(":scope:not([data-answered])").waitFor();
      const chooser = page.waitForEvent("filechooser");
      await demo(page).getByRole("button", { name: "Photo" }).click();
      await (await chooser).setFiles(join(ROOT, "tests/golden/inputs/twelve-megapixels.jpg"));
      await demo(page).locator(".ow-photo:not([hidden])").waitFor();
      await demo(page).locator(":scope[data-answered]").waitFor();
    });
    context.diagnostic(
      `longest block of the main thread: ${processor.toFixed(0)} ms of processor time, ${clock.toFixed(0)} ms by the clock`,
    );
    assert.ok(processor < LIMIT_MS, `${processor} ms`);
  });
});

test("the time from opening the page to the first answer, cold and warm", async (context) => {
  await shared.withPage(async (page, browserContext) => {
    /** @param {import("playwright-core").Page} target */
    const firstAnswer = async (target) => {
      const start = performance.now();
      await target.goto(shared.server.url);
      await demo(target).locator(":scope[data-answered]").waitFor();
      return performance.now() - start;
    };
    const cold = await firstAnswer(page);
    await page.close();
    const warm = await firstAnswer(await browserContext.newPage());
    context.diagnostic(`from navigation to the first answer: cold ${cold.toFixed(0)} ms, warm ${warm.toFixed(0)} ms`);
    assert.ok(cold < 30_000);
  });
});

test("the time from a click on the switch to the changed answer", async (context) => {
  await shared.withPage(async (page) => {
    await page.goto(shared.server.url);
    await ready(page);
    await draw(page, DIGITS[7]);
    await summary(page, /Both networks say 7/);
    const milliseconds = await page.evaluate(async () => {
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
    context.diagnostic(`from the switch to the changed answer: ${milliseconds.toFixed(1)} ms`);
    assert.ok(milliseconds < 1000);
  });
});
