/** The worker dies: the widget opens the networks in a new one, and gives up after two deaths in a row. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { controlWorker, DIGITS, demo, draw, failureText, ready, retryWorks, summary } from "./harness/drive.mjs";
import { setup } from "./harness/setup.mjs";

const shared = setup();

test("when the worker dies while idle, the widget opens the networks again", async () => {
  await shared.withPage(async (page) => {
    await controlWorker(page);
    await page.goto(shared.server.url);
    await ready(page);
    await draw(page, DIGITS[1]);
    await summary(page, /says? 1 /);
    await page.waitForFunction(() => /** @type {any} */ (globalThis).worker.waiting === 0);
    await page.evaluate(() => /** @type {any} */ (globalThis).worker.die());
    await demo(page).getByRole("button", { name: "Clear" }).click();
    await draw(page, DIGITS[7]);
    await summary(page, /Both networks say 7/);
    assert.equal(await page.evaluate(() => /** @type {any} */ (globalThis).worker.started), 2);
  });
});

test("when the worker dies while it answers, the widget opens the networks again and answers without being asked", async () => {
  await shared.withPage(async (page) => {
    await controlWorker(page);
    await page.goto(shared.server.url);
    await ready(page);
    await summary(page);
    await demo(page).getByRole("button", { name: "Clear" }).click();
    await page.evaluate(() => {
      /** @type {any} */ (globalThis).worker.hold = true;
    });
    // The first stroke is asked for, and the whole digit waits behind it.
    await draw(page, DIGITS[7]);
    await page.waitForFunction(() => /** @type {any} */ (globalThis).worker.asked === 1);
    await page.evaluate(() => {
      const { worker } = /** @type {any} */ (globalThis);
      worker.hold = false;
      worker.die();
    });
    await summary(page, /Both networks say 7/);
    assert.equal(await demo(page).locator("[role=alert]").count(), 0);
    assert.equal(await page.evaluate(() => /** @type {any} */ (globalThis).worker.started), 2);
  });
});

test("when the worker dies at every answer, the widget says so and offers to try again", async () => {
  await shared.withPage(async (page) => {
    await controlWorker(page);
    await page.goto(shared.server.url);
    await ready(page);
    await summary(page);
    await page.evaluate(() => {
      const { worker } = /** @type {any} */ (globalThis);
      worker.hold = true;
      worker.timer = setInterval(() => {
        if (worker.asked > 0) worker.die();
        worker.asked = 0;
      }, 20);
    });
    await draw(page, DIGITS[7]);
    assert.match(await failureText(page), /thread stopped/);
    await page.evaluate(() => {
      const { worker } = /** @type {any} */ (globalThis);
      clearInterval(worker.timer);
      worker.hold = false;
    });
    await retryWorks(page);
  });
});
