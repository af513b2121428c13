/**
 * Where a page of the built report leads and what it looks like on the way: the contents lead to their headings while widgets
 * appear, nothing lies over anything while networks are fetched; and the search for faults finds those made on purpose.
 *
 * THOROUGH=1 looks at every page with widgets.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { demo, ready, summary } from "./harness/drive.mjs";
import { assertInPlace, faultsOf, sized } from "./harness/in-place.mjs";
import { setup } from "./harness/setup.mjs";
import { buildSite } from "./harness/site.mjs";

const thorough = process.env.THOROUGH === "1";
/** How far from where the contents lead a heading may be. */
const OFF = 40;

/** @typedef {import("playwright-core").Page} Page */

const { siteDir, port, home, withWidgets } = await buildSite();
const shared = setup({ server: { siteDir, port } });
/** A service worker would store the whole site anew on each visit. */
const BLOCKED = /** @type {const} */ ({ serviceWorkers: "block" });
/** A page with a widget for drawings, and one for photos. */
const SOME = ["", "latent/"];

/** Once the page has not moved for some frames. @param {Page} page */
async function resting(page) {
  await page.evaluate(async () => {
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
    for (let still = 0, last = Number.NaN; still < 30; still++) {
      if (scrollY !== last) still = 0;
      last = scrollY;
      await frame();
    }
  });
}

for (const address of thorough ? withWidgets : ["regular/"]) {
  test(`/${address}: the table of contents leads to its headings while widgets appear`, async () => {
    await shared.withPage(
      async (page) => {
        await page.goto(home + address);
        const links = page.locator(".md-sidebar--secondary .md-nav__link[href*='#']");
        const count = await links.count();
        // The last first: all that grows on the way lies above it.
        for (let which = count - 1; which >= 0; which -= Math.max(1, Math.floor(count / 4))) {
          const link = links.nth(which);
          const id = decodeURIComponent(((await link.getAttribute("href")) ?? "").replace(/^.*#/, ""));
          await link.evaluate((element) => /** @type {HTMLElement} */ (element).click());
          await page.waitForFunction((hash) => decodeURIComponent(location.hash) === `#${hash}`, id);
          await resting(page);
          const off = await page.evaluate((wanted) => {
            const heading = /** @type {HTMLElement} */ (document.getElementById(wanted));
            const below = document.documentElement.scrollHeight - innerHeight - scrollY;
            const margin = Number.parseFloat(getComputedStyle(heading).scrollMarginTop) || 0;
            return below < 2 ? 0 : heading.getBoundingClientRect().top - margin;
          }, id);
          assert.ok(Math.abs(off) <= OFF, `#${id} is ${Math.round(off)} pixels off`);
        }
      },
      { ...BLOCKED, viewport: { width: 1280, height: 800 } },
    );
  });
}

test("while networks are being fetched, nothing lies over anything on a small phone", async () => {
  await shared.withPage(
    async (page) => {
      await page.route("**/*.onnx", () => {}); // Never answered.
      for (const address of thorough ? withWidgets : SOME) {
        await page.goto(home + address);
        for (const widget of await page.locator("onnx-demo").all()) {
          await widget.scrollIntoViewIfNeeded();
          await widget.locator(".ow-load-text", { hasText: "Fetching" }).waitFor();
        }
        await assertInPlace(page, `/${address}`);
      }
    },
    { ...BLOCKED, reducedMotion: "reduce", viewport: sized(320) },
  );
});

test("each kind of fault is found when made on purpose", async () => {
  await shared.withPage(async (page) => {
    await page.goto(home);
    await ready(page);
    await summary(page);
    await page.setViewportSize(sized(1280));
    await assertInPlace(page, "before");
    for (const [kind, css] of [
      ["text over text", ".md-typeset h1 { margin-bottom: -1.5em }"],
      ["cut off", ".ow-name { width: 3em; overflow: hidden; white-space: nowrap; text-overflow: ellipsis }"],
      ["wrapped to under", ".ow-name { width: 1.2em; overflow-wrap: anywhere }"],
      ["outside the window", ".ow-summary { width: 3000px; white-space: nowrap; position: relative; left: 2000px }"],
      ["wider than the window", ".ow-foot { width: 3000px }"],
      ["a touch target of", ".ow-sample { width: 10px !important; height: 10px !important }"],
    ]) {
      await page.evaluate((text) => {
        const sheet = new CSSStyleSheet();
        sheet.replaceSync(text);
        document.adoptedStyleSheets = [sheet];
      }, css);
      const found = await faultsOf(page);
      assert.ok(
        found.some((fault) => fault.includes(kind)),
        `${kind}: ${found.join("\n")}`,
      );
    }
    await page.evaluate(() => {
      document.adoptedStyleSheets = [];
    });
    await demo(page)
      .locator(".ow-label")
      .first()
      .evaluate((label) => {
        label.textContent = "American Staffordshire terrier";
      });
    assert.notDeepEqual(await faultsOf(page), [], "a label that is too long");
  }, BLOCKED);
});
