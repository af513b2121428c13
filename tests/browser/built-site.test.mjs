/**
 * The built report below a sub-path: on every page axe finds nothing, every widget answers, nothing shifts or blocks the
 * page, the policy holds and nothing leaves the site; instant navigation, search and schemes work.
 */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { violations } from "./harness/axe.mjs";
import { watchBlocks } from "./harness/blocks.mjs";
import { answers, DIGITS, demo, draw, ready, summary } from "./harness/drive.mjs";
import { BASE } from "./harness/server.mjs";
import { setup } from "./harness/setup.mjs";
import { buildSite } from "./harness/site.mjs";

/** Of processor time. An inference or a photo's decoding on the page's own thread takes more; page-times.mjs measures. */
const LONGEST_BLOCK_MS = 400;
const LARGEST_SHIFT = 0.02;

const { siteDir, port, host, home, pages, withWidgets } = await buildSite();
const shared = setup({ server: { siteDir, port } });

/**
 * Collects what must not happen on a page.
 *
 * @param {import("playwright-core").Page} page
 */
async function watch(page) {
  /** @type {string[]} */
  const wrong = [];
  page.on("console", (message) => {
    if (message.type() === "error") wrong.push(message.text());
  });
  page.on("pageerror", (error) => wrong.push(error.message));
  page.on("request", (request) => {
    const asked = new URL(request.url());
    if (!["data:", "blob:"].includes(asked.protocol) && asked.host !== host) wrong.push(`request ${request.url()}`);
  });
  await page.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) => {
      console.error(`policy ${event.violatedDirective}: ${event.blockedURI} ${event.sample}`);
    });
    Object.assign(globalThis, { shift: 0 });
    new PerformanceObserver((list) => {
      for (const entry of /** @type {any[]} */ (list.getEntries()))
        if (!entry.hadRecentInput) /** @type {any} */ (globalThis).shift += entry.value;
    }).observe({ type: "layout-shift", buffered: true });
  });
  return wrong;
}

/**
 * The page as the theme's script leaves it, and each of its widgets with a drawing answered.
 *
 * @param {import("playwright-core").Page} page
 * @param {string} address
 */
async function visit(page, address) {
  await page.goto(home + address);
  await page.locator(".md-search-result__meta", { hasText: "Type to start" }).waitFor({ state: "attached" });
  const count = await page.locator("onnx-demo").count();
  for (let which = 0; which < count; which++) {
    await ready(page, which);
    if ((await demo(page, which).locator("onnx-digit-pad").count()) === 0) {
      await summary(page, /say|trigger/i, which);
      continue;
    }
    await draw(page, DIGITS[7], which);
    await demo(page, which).locator('.ow-stage[data-shown="ink"]').waitFor();
    await summary(page, /say|trigger/i, which);
    for (const { now } of await answers(page, which)) assert.match(now, /^\d$/);
    const seen = demo(page, which).locator("onnx-network-view canvas");
    const brightest = await seen.evaluate((/** @type {HTMLCanvasElement} */ canvas) => {
      const pixels = canvas.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height).data ?? [];
      return Math.max(...Array.from(pixels).filter((_value, at) => at % 4 < 3));
    });
    assert.ok(brightest > 200, `what the network sees is not drawn (brightest pixel: ${brightest})`);
  }
  return count;
}

test("the report has pages, and pages with widgets", () => {
  assert.ok(pages.length > withWidgets.length);
  assert.ok(withWidgets.length > 0);
});

for (const address of pages) {
  test(`/${address}: axe finds nothing in either scheme, nothing is blocked or shifts, widgets answer`, async (context) => {
    await shared.withPage(
      async (page) => {
        const wrong = await watch(page);
        let widgets = 0;
        const { processor } = await watchBlocks(page, async () => {
          widgets = await visit(page, address);
        });
        const shift = await page.evaluate(() => /** @type {any} */ (globalThis).shift);
        context.diagnostic(
          `/${address}: ${widgets} widgets, layout shift ${shift.toFixed(4)}, longest block ${processor.toFixed(0)} ms of processor time`,
        );
        assert.ok(processor < LONGEST_BLOCK_MS, `the page was blocked for ${processor} ms`);
        assert.ok(shift < LARGEST_SHIFT, `cumulative layout shift ${shift}`);
        for (const [colorScheme, width, scheme] of /** @type {const} */ ([
          ["light", 1280, "default"],
          ["dark", 360, "slate"],
        ])) {
          await page.emulateMedia({ colorScheme });
          await page.locator(`body[data-md-color-scheme=${scheme}]`).waitFor({ state: "attached" });
          await page.setViewportSize({ width, height: 800 });
          const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
          assert.ok(overflow <= 0, `the page is ${overflow} pixels too wide at ${width}`);
          assert.deepEqual(await violations(page), [], `${colorScheme}, ${width} pixels`);
        }
        assert.deepEqual(wrong, []);
      },
      { colorScheme: "light", viewport: { width: 1280, height: 800 } },
    );
  });
}

test("instant navigation brings pages and working widgets without a new load", async () => {
  await shared.withPage(async (page) => {
    const wrong = await watch(page);
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
    const wrong = await watch(page);
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
  });
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
  });
});

test("search and the colour schemes work under the policy", async () => {
  await shared.withPage(
    async (page) => {
      const wrong = await watch(page);
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
  });
});

test("the 404 page has the report's styles below the sub-path", async () => {
  const html = readFileSync(join(siteDir, "404.html"), "utf8");
  assert.match(html, new RegExp(`href="${BASE}assets/stylesheets/main`));
  assert.match(html, /Content-Security-Policy/);
});
