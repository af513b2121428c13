/** The table of attacks by defences: one family of columns at a time, and rows in the order that a reader wants. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { setup } from "./harness/setup.mjs";

const shared = setup();

/** As the server writes it: two families of a column each, and an attack that the first one cannot be used on. */
const TABLE = `
  <div class="bd-tools">
    <div class="bd-show" role="group">
      <button type="button" value="" aria-pressed="true">All</button>
      <button type="button" value="data" aria-pressed="false">Data</button>
      <button type="button" value="model" aria-pressed="false">Model</button>
    </div>
    <label>Order <select>
      <option value="0">as in the study</option><option value="1">Spectral first</option><option value="2">Cleanse first</option>
    </select></label>
  </div>
  <table>
    <thead>
      <tr><td></td><th scope="colgroup" data-family="data">Data</th><th scope="colgroup" data-family="model">Model</th></tr>
      <tr><th scope="col">Attack</th><th scope="col" data-family="data">Spectral</th><th scope="col" data-family="model">Cleanse</th></tr>
    </thead>
    <tbody>${[
      ["patch", 0.2, 0.9],
      ["blend", "None", 0.1],
      ["warp", 0.7, 0.5],
    ]
      .map(
        ([attack, data, model]) =>
          `<tr><th scope="row">${attack}</th><td data-family="data" data-rank="${data}"></td>` +
          `<td data-family="model" data-rank="${model}"></td></tr>`,
      )
      .join("")}
    </tbody>
  </table>`;

/** A page with the table. @param {(page: import("playwright-core").Page) => Promise<void>} body @param {number} [width] */
function withTable(body, width = 1280) {
  return shared.withPage(
    async (page) => {
      await page.goto(shared.server.url);
      await page.evaluate((html) => {
        const element = document.createElement("defence-matrix");
        element.innerHTML = html;
        document.querySelector("main")?.replaceChildren(element);
      }, TABLE);
      await page.locator("defence-matrix [aria-pressed]").first().waitFor();
      await page.waitForFunction(() => document.querySelector("defence-matrix thead button"));
      await body(page);
    },
    { viewport: { width, height: 800 } },
  );
}

/** @param {import("playwright-core").Page} page */
const attacks = (page) => page.locator("tbody th").allTextContents();
/** The columns in sight. @param {import("playwright-core").Page} page */
const columns = (page) => page.locator("thead th[scope=col]:visible").allTextContents();

test("a column's head sorts by it, best first, then the other way round, and the first column brings the study's order", async () => {
  await withTable(async (page) => {
    const head = (/** @type {string} */ name) => page.getByRole("columnheader", { name });
    await head("Spectral").getByRole("button").click();
    assert.deepEqual(await attacks(page), ["warp", "patch", "blend"]);
    assert.equal(await head("Spectral").getAttribute("aria-sort"), "descending");
    await head("Spectral").getByRole("button").click();
    assert.deepEqual(await attacks(page), ["patch", "warp", "blend"]);
    await head("Cleanse").getByRole("button").click();
    assert.deepEqual(await attacks(page), ["patch", "warp", "blend"]);
    assert.equal(await page.locator("[aria-sort]").count(), 1);
    await head("Attack").getByRole("button").click();
    assert.deepEqual(await attacks(page), ["patch", "blend", "warp"]);
    assert.equal(await page.locator("[aria-sort]").count(), 0);
  });
});

test("the list sorts as the heads do, and an element that is moved keeps its order and the study's", async () => {
  await withTable(async (page) => {
    await page.getByLabel("Order").selectOption("1");
    assert.deepEqual(await attacks(page), ["warp", "patch", "blend"]);
    await page.evaluate(() => document.body.append(document.querySelector("defence-matrix") ?? ""));
    assert.deepEqual(await attacks(page), ["warp", "patch", "blend"]);
    await page.getByLabel("Order").selectOption("0");
    assert.deepEqual(await attacks(page), ["patch", "blend", "warp"]);
  });
});

test("a wide window shows all columns at first, a narrow one a family; a button shows another", async () => {
  await withTable(async (page) => assert.deepEqual(await columns(page), ["Attack", "Spectral", "Cleanse"]));
  await withTable(async (page) => {
    assert.deepEqual(await columns(page), ["Attack", "Spectral"]);
    await page.getByRole("button", { name: "Model" }).click();
    assert.deepEqual(await columns(page), ["Attack", "Cleanse"]);
    assert.equal(await page.locator("[aria-pressed=true]").textContent(), "Model");
    await page.getByRole("button", { name: "All" }).click();
    assert.deepEqual(await columns(page), ["Attack", "Spectral", "Cleanse"]);
  }, 800);
});
