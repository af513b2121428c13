/**
 * What works across the built report below a sub-path: instant navigation, search, schemes, charts and folded parts, with
 * its service worker; and what is there without scripts or a server. `all-pages.test.mjs` visits each page.
 */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { ready } from "./harness/drive.mjs";
import { BASE } from "./harness/server.mjs";
import { setup } from "./harness/setup.mjs";
import { buildSite } from "./harness/site.mjs";
import { watch } from "./harness/watch.mjs";

const { siteDir, port, host, home, withWidgets } = await buildSite();
const shared = setup({ server: { siteDir, port } });
/** A service worker would store the whole site anew on each visit. */
const BLOCKED = /** @type {const} */ ({ serviceWorkers: "block" });

test("instant navigation brings pages and working widgets without a new load", async () => {
  await shared.withPage(async (page) => {
    const wrong = await watch(page, host);
    await page.setViewportSize({ width: 1280, height: 900 });
    await page.goto(`${home}references/`);
    let loads = 0;
    page.on("load", () => {
      loads += 1;
    });
    for (const [tab, heading] of [
      ["Behind the report", "Behind the report"],
      ["Your networks", "Your networks"],
      ["Introduction", "Backdoors"],
    ]) {
      await page.locator(".md-tabs__link", { hasText: tab }).click();
      await page.locator("h1", { hasText: heading }).waitFor();
    }
    await ready(page);
    assert.equal(loads, 0);
    assert.deepEqual(wrong, []);
  });
});

test("a chart's cursor moves by keys and pointer, and its values are shown and spoken", async () => {
  await shared.withPage(async (page) => {
    const wrong = await watch(page, host);
    await page.goto(`${home}regular/`);
    const chart = page.locator("figure", { has: page.locator("#mnist-poison-rate-title") });
    const cursor = chart.locator("chart-cursor[role=slider]");
    await cursor.scrollIntoViewIfNeeded();
    const rows = await chart
      .locator("tr[data-x]")
      .evaluateAll((all) => all.map((row) => [...row.children].map((cell) => cell.textContent ?? "")));
    /** @param {number} index */
    const stands = async (index) => {
      const shown = await chart.locator(".bd-readout :is(strong, b)").allTextContents();
      assert.deepEqual(shown, rows[index]);
      const spoken = (await cursor.getAttribute("aria-valuetext")) ?? "";
      for (const text of rows[index]) assert.ok(spoken.includes(text), spoken);
    };
    await cursor.focus();
    await page.keyboard.press("Home");
    await stands(0);
    await page.keyboard.press("ArrowRight");
    await stands(1);
    await page.keyboard.press("End");
    await stands(rows.length - 1);
    const box = await chart.locator("svg").first().boundingBox();
    assert.ok(box);
    await page.mouse.move(box.x + 2, box.y + box.height / 2);
    await stands(0);
    await page.mouse.move(box.x + box.width - 2, box.y + box.height / 2);
    await stands(rows.length - 1);
    assert.deepEqual(wrong, []);
  }, BLOCKED);
});

test("an address that points to a folded part opens it, on a visit and from a link", async () => {
  await shared.withPage(async (page) => {
    await page.goto(`${home}models/#mnist-badnet-card`);
    await page.locator("#mnist-badnet-card[open]").waitFor();
    assert.equal(await page.locator("#mnist-clean-card[open]").count(), 0);
    await page.goto(`${home}regular/`);
    await page.evaluate(() => {
      location.hash = "mnist-poison-rate-values";
    });
    await page.locator("#mnist-poison-rate-values[open] td").first().waitFor();
  }, BLOCKED);
});

test("search and the colour schemes work under the policy", async () => {
  await shared.withPage(
    async (page) => {
      const wrong = await watch(page, host);
      await page.setViewportSize({ width: 1280, height: 900 });
      await page.goto(home);
      await page.locator(".md-search__input").click();
      await page.keyboard.type("trigger");
      const first = page.locator(".md-search-result__item a").first();
      await first.waitFor();
      assert.doesNotMatch((await first.getAttribute("href")) ?? "", /notebook/, "pages come before notebooks");
      await page.keyboard.press("Escape");
      const schemes = new Set();
      for (let clicks = 0; clicks < 3; clicks += 1) {
        await page.locator("form[data-md-component=palette] label:visible").first().click();
        schemes.add(await page.evaluate(() => document.body.dataset.mdColorScheme));
      }
      assert.deepEqual(schemes, new Set(["default", "slate"]));
      assert.deepEqual(wrong, []);
    },
    { colorScheme: "light" },
  );
});

test("without scripts, a page with widgets still names its networks and offers them", async () => {
  await shared.withPage(
    async (page) => {
      await page.goto(home);
      const demo = page.locator("onnx-demo").first();
      await demo.locator("a[download]").first().waitFor();
      assert.match((await demo.textContent()) ?? "", /needs JavaScript and WebAssembly[\s\S]*BACKDOORED-/);
    },
    { javaScriptEnabled: false },
  );
});

test("opened as a file, a page with widgets says why nothing runs and what to do", async () => {
  await shared.withPage(async (page) => {
    await page.goto(pathToFileURL(join(siteDir, withWidgets[0], "index.html")).href);
    await page.getByRole("alert").filter({ hasText: "python3 -m http.server" }).waitFor();
    await page.goto(home + withWidgets[0]);
    assert.equal(await page.getByText("python3 -m http.server").first().isVisible(), false);
  }, BLOCKED);
});

test("the 404 page has the report's styles below the sub-path", async () => {
  const html = readFileSync(join(siteDir, "404.html"), "utf8");
  assert.match(html, new RegExp(`href="${BASE}assets/stylesheets/main`));
  assert.match(html, /Content-Security-Policy/);
});
