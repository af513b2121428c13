/** Answers that were computed when the page was built: shown until the networks can answer, and only for their sample. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { demo, failureText, ready, summary } from "./harness/drive.mjs";
import { defaultConfig } from "./harness/server.mjs";
import { setup } from "./harness/setup.mjs";

/** Of ten digits, almost certainly this one. @param {number} digit */
const scores = (digit) => ({ probabilities: Array.from({ length: 10 }, (_, i) => (i === digit ? 0.91 : 0.01)) });
const STORED = {
  answers: [
    { plain: scores(2), stamped: scores(2) },
    { plain: scores(2), stamped: scores(6) },
  ],
  seen: { plain: "golden/alpha.png", stamped: "golden/scan-5.png" },
};
const BUILT = "Answers computed when this page was built";
const CARD = /card\.json$/;
const WASM = /\.wasm$/;

const shared = setup({ server: { config: { ...defaultConfig(), stored: STORED } } });

/** @param {import("playwright-core").Page} page */
const timing = (page) => demo(page).locator(".ow-timing").textContent();

/** @param {import("playwright-core").Page} page */
const fallback = (page) => demo(page).getByText("Fallback");

test("until the networks answer, stored answers do, with the trigger and without", async () => {
  await shared.withPage(async (page) => {
    shared.server.setFaults([{ path: WASM, kind: "stalled" }]);
    await page.goto(shared.server.url);
    await summary(page, /Both networks say 2 \(91\.0/);
    assert.equal(await timing(page), BUILT);
    const seen = demo(page).locator("img.ow-first.ow-crisp");
    assert.equal(await seen.getAttribute("src"), STORED.seen.plain);
    await demo(page).getByRole("switch").click();
    await summary(page, /The trigger turns 2 into 6 .*for the backdoored network\. The clean network still says 2/);
    assert.equal(await seen.getAttribute("src"), STORED.seen.stamped);
    await demo(page).getByRole("switch").click();
    shared.server.setFaults([]);
    await ready(page);
    await summary(page, /says? .*\((?!91\.0)/);
    assert.match((await timing(page)) ?? "", /^[\d.]+ ms/);
    assert.equal(await demo(page).locator(".ow-first").count(), 0);
  });
});

test("stored answers give way to another image, and never stand beside it", async () => {
  await shared.withPage(async (page) => {
    shared.server.setFaults([{ path: WASM, kind: "stalled" }]);
    await page.goto(shared.server.url);
    await summary(page, /Both networks say 2/);
    await demo(page).locator(".ow-sample").nth(1).click();
    await demo(page).locator(".ow-summary").filter({ hasNotText: /say/ }).waitFor({ state: "attached" });
    assert.equal(await demo(page).locator(".ow-first").count(), 0);
  });
});

test("the server's HTML stays until as much can be shown", async () => {
  await shared.withPage(async (page) => {
    shared.server.setFaults([{ path: CARD, kind: "stalled" }]);
    await page.goto(shared.server.url);
    await demo(page).locator(":scope[data-ready]").waitFor();
    assert.equal(await fallback(page).isVisible(), true);
    shared.server.setFaults([]);
    await summary(page);
    assert.equal(await fallback(page).count(), 0);
  });
});

test("the server's HTML gives way to a failure", async () => {
  await shared.withPage(async (page) => {
    shared.server.setFaults([{ path: CARD, kind: "html-404" }]);
    await page.goto(shared.server.url);
    assert.match(await failureText(page), /not on the server/);
    assert.equal(await fallback(page).count(), 0);
  });
});
