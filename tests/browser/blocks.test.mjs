/** The page's own thread is free for its reader: networks, photos and resizing are a worker's. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { watchBlocks } from "./harness/blocks.mjs";
import { DIGITS, demo, draw, ready, summary } from "./harness/drive.mjs";
import { ROOT } from "./harness/server.mjs";
import { setup } from "./harness/setup.mjs";

const shared = setup();
/** Of processor time, far more than any task of ours takes, far less than what must not be done here. */
const LIMIT_MS = 400;

test("a task that takes long is noticed", async () => {
  await shared.withPage(async (page) => {
    const { processor } = await watchBlocks(page, async () => {
      await page.goto(shared.server.url);
      await page.evaluate(() => {
        let sum = 0;
        for (let i = 0; i < 3e8; i++) sum = (sum * 31 + i) % 1_000_003;
        return sum;
      });
    });
    assert.ok(processor > LIMIT_MS, `${processor} ms of processor time`);
  });
});

test("the page is never blocked: load, draw, trigger, a 12-megapixel photo", async (context) => {
  await shared.withPage(async (page) => {
    const { processor } = await watchBlocks(page, async () => {
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
    context.diagnostic(`longest block of the main thread: ${processor.toFixed(0)} ms of processor time`);
    assert.ok(processor < LIMIT_MS, `${processor} ms`);
  });
});
