/** The table of attacks by defences: one family at a time on a phone, sorted, and each cell leads to its details. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { violations } from "./harness/axe.mjs";
import { setup } from "./harness/setup.mjs";
import { buildSite } from "./harness/site.mjs";

const { siteDir, port, home } = await buildSite();
const shared = setup({ server: { siteDir, port } });
/** A service worker would store the whole site anew on each visit. */
const BLOCKED = /** @type {const} */ ({ serviceWorkers: "block" });
const PHONE = { ...BLOCKED, viewport: { width: 320, height: 700 } };
const DESK = { ...BLOCKED, viewport: { width: 1280, height: 900 } };

/** @typedef {import("playwright-core").Page} Page */

/** @param {Page} page */
async function opened(page) {
  await page.goto(`${home}catching/`);
  await page.locator("defence-matrix:defined thead button").first().waitFor({ state: "attached" });
  return page.locator("#matrix");
}

/** The attacks, from top to bottom, with each one's rank in a column. @param {Page} page @param {number} column */
function ranks(page, column) {
  return page
    .locator("#matrix tbody tr")
    .evaluateAll((rows, at) => rows.map((row) => Number(row.children[at].getAttribute("data-rank"))), column);
}

/** @param {number[]} found */
function descending(found) {
  const known = found.filter((rank) => rank >= 0);
  assert.deepEqual(
    known,
    [...known].sort((a, b) => b - a),
  );
  assert.ok(
    found.slice(known.length).every((rank) => rank < 0),
    "what was not measured comes last",
  );
}

test("a phone shows one family at a time, and the reader chooses which", async () => {
  await shared.withPage(async (page) => {
    const matrix = await opened(page);
    const families = await matrix
      .locator(".bd-show button")
      .evaluateAll((all) => all.map((each) => each.getAttribute("value")));
    for (const family of families.slice(1).reverse()) {
      await matrix.locator(`.bd-show button[value="${family}"]`).click();
      const shown = await matrix
        .locator("td[data-family]:visible")
        .evaluateAll((all) => [...new Set(all.map((each) => each.getAttribute("data-family")))]);
      assert.deepEqual(shown, [family]);
      assert.equal(await matrix.locator('[aria-pressed="true"]').getAttribute("value"), family);
    }
    assert.deepEqual(await violations(page, "#matrix"), []);
    await matrix.locator("select").selectOption("1");
    descending(await ranks(page, 1));
  }, PHONE);
});

test("a column's head sorts the attacks, best caught first, and then the other way round", async () => {
  await shared.withPage(async (page) => {
    const matrix = await opened(page);
    const head = matrix.locator("thead th[scope=col]").nth(1);
    await head.getByRole("button").click();
    assert.equal(await head.getAttribute("aria-sort"), "descending");
    const best = await ranks(page, 1);
    descending(best);
    await head.getByRole("button").press("Enter");
    assert.equal(await head.getAttribute("aria-sort"), "ascending");
    const known = best.filter((rank) => rank >= 0);
    assert.deepEqual((await ranks(page, 1)).slice(0, known.length), known.reverse());
    await matrix.locator("thead th[scope=col]").first().getByRole("button").click();
    assert.equal(await matrix.locator("[aria-sort]").count(), 0);
  }, DESK);
});

test("a cell leads to its details, which are open then, and back", async () => {
  await shared.withPage(async (page) => {
    const matrix = await opened(page);
    const cell = matrix.locator("tbody a").nth(1);
    const target = page.locator(await cell.evaluate((link) => /** @type {HTMLAnchorElement} */ (link).hash));
    assert.equal(await target.isVisible(), false);
    await cell.click();
    await target.waitFor();
    assert.deepEqual(await violations(page, `#${await target.getAttribute("id")}`), []);
    await target.getByRole("link", { name: "Back to the table" }).click();
    await page.waitForFunction(() => {
      const top = document.querySelector("#matrix")?.getBoundingClientRect().top ?? -1;
      return top >= 0 && top < innerHeight;
    });
  }, DESK);
});

test("without scripts every cell is there, and the tools are not", async () => {
  await shared.withPage(
    async (page) => {
      await page.goto(`${home}catching/`);
      const cells = page.locator("defence-matrix td[data-family]");
      assert.equal(await cells.locator("visible=true").count(), await cells.count());
      assert.equal(await page.locator(".bd-tools").locator("visible=true").count(), 0);
    },
    { ...PHONE, javaScriptEnabled: false },
  );
});
