/**
 * Every page of the built report as one sees it, from a small phone to a large screen, light and dark, with the answers of
 * all widgets there: nothing overlaps, is cut off, lies outside the window or shifts, and a heading is found where the
 * contents lead.
 *
 * THOROUGH=1 looks at more widths, and at the dark scheme, which moves hardly a box. With LAYOUT_PICTURES=DIR, each page is
 * then captured at three widths as well.
 */

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { demo, ready, summary } from "./harness/drive.mjs";
import { faults } from "./harness/layout-faults.mjs";
import { collect } from "./harness/layout-page.mjs";
import { setup } from "./harness/setup.mjs";
import { buildSite } from "./harness/site.mjs";

const thorough = process.env.THOROUGH === "1";
/** The last two: a window of 1280 pixels at twice the size, and a little less, between the layouts of a phone and of a tablet. */
const WIDTHS = thorough ? [320, 390, 768, 1280, 1920, 620, 640] : [320, 768, 1280];
/** Where what changes little is looked at again. */
const EDGES = [320, 1280];
const CAPTURED = [390, 768, 1280];
/** Of a screenshot; a browser draws no taller one. */
const TALLEST = 16_000;
const LARGEST_SHIFT = 0.02;
/** How far from where the contents lead a heading may be. */
const OFF = 40;
const PHONE = { width: 390, height: 844 };

/** @typedef {import("playwright-core").Page} Page */

const { siteDir, port, home, pages, withWidgets } = await buildSite();
const shared = setup({ server: { siteDir, port } });
const screenshots = process.env.LAYOUT_PICTURES;
if (screenshots) mkdirSync(screenshots, { recursive: true });

/** @param {number} width */
const sized = (width) => ({ width, height: width < 600 ? PHONE.height : 800 });

/** Once nothing moves: no font, no image, no transition. @param {Page} page */
async function settled(page) {
  await page.evaluate(async () => {
    await document.fonts.ready;
    await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
    const ends = (/** @type {Animation} */ { playState, effect }) =>
      playState === "running" && Number.isFinite(Number(effect?.getComputedTiming().endTime));
    const moving = document.getAnimations().filter(ends);
    const longest = new Promise((resolve) => setTimeout(resolve, 2000)); // What is hidden meanwhile never finishes.
    await Promise.race([Promise.allSettled(moving.map(({ finished }) => finished)), longest]);
  });
}

/** Open a page, and see all its widgets answer; back at its top. @param {Page} page @param {string} address */
async function visit(page, address) {
  await page.addInitScript(() => {
    Object.assign(globalThis, { shift: 0 });
    new PerformanceObserver((list) => {
      for (const entry of /** @type {any[]} */ (list.getEntries()))
        if (!entry.hadRecentInput) /** @type {any} */ (globalThis).shift += entry.value;
    }).observe({ type: "layout-shift", buffered: true });
  });
  await page.goto(home + address);
  const widgets = await page.locator("onnx-demo").count();
  for (let which = 0; which < widgets; which++) {
    await ready(page, which);
    await summary(page, /say|trigger/i, which);
  }
  await page.evaluate(() => scrollTo({ top: 0, behavior: "instant" }));
  await settled(page);
  return page.evaluate(() => /** @type {number} */ (/** @type {any} */ (globalThis).shift));
}

/**
 * What is out of place. As one string, since Playwright takes seconds to pass the thousands of objects of a long page.
 *
 * @param {Page} page
 */
async function faultsOf(page) {
  await settled(page);
  return faults(JSON.parse(await page.evaluate(`JSON.stringify((${collect})())`)));
}

/** @param {Page} page @param {string} what */
async function assertInPlace(page, what) {
  assert.deepEqual(await faultsOf(page), [], what);
}

/** Let every network answer with the longest names that it knows, with the trigger and without. @param {Page} page */
async function longestAnswers(page) {
  await page.evaluate(async () => {
    for (const widget of document.querySelectorAll("onnx-demo")) {
      const config = JSON.parse(widget.getAttribute("config") ?? "");
      for (const [i, answer] of [...widget.querySelectorAll("onnx-model-answer")].entries()) {
        const { labels } = await (await fetch(config.models[i].card)).json();
        const byLength = [...labels.keys()].sort((a, b) => labels[b].length - labels[a].length);
        const likely = (/** @type {number[]} */ order) => {
          const probabilities = new Float32Array(labels.length);
          for (const [rank, index] of order.entries()) probabilities[index] = 0.5 ** (rank + 1);
          return { probabilities };
        };
        const plain = likely(byLength);
        const stamped = likely([byLength[1], byLength[0], ...byLength.slice(2)]);
        /** @type {any} */ (answer).show({ plain, stamped }, true);
      }
    }
  });
}

/** Headings below whose words there is room for a line, as a hidden link leaves it. @param {Page} page */
async function emptyLines(page) {
  await page.setViewportSize(sized(WIDTHS[0]));
  return page.evaluate(() => {
    const found = [];
    for (const heading of document.querySelectorAll(".md-typeset :is(h2, h3)")) {
      if (!heading.checkVisibility()) continue; // A step of the lab that is not in sight.
      const words = [...heading.childNodes].filter((node) => !(node instanceof Element && node.matches(".headerlink")));
      const range = document.createRange();
      const bottoms = words.flatMap((node) => {
        range.selectNode(node);
        return [...range.getClientRects()].map(({ bottom }) => bottom);
      });
      const below = heading.getBoundingClientRect().bottom - Math.max(...bottoms);
      if (below > Number.parseFloat(getComputedStyle(heading).fontSize)) found.push(heading.id);
    }
    return found;
  });
}

/** Open every folded part; false if there is none. @param {Page} page */
async function unfold(page) {
  return page.evaluate(() => {
    const folds = document.querySelectorAll("details");
    for (const fold of folds) fold.open = true;
    return folds.length > 0;
  });
}

/**
 * How high each widget's input and answers are together, and the room for them in the window; where a figure shows the
 * networks' insides, what one draws or drags and what moves with it.
 *
 * @param {Page} page
 */
async function heights(page) {
  return page.evaluate(() => {
    const room = innerHeight - (document.querySelector(".md-header")?.getBoundingClientRect().height ?? 0);
    const widgets = [...document.querySelectorAll("onnx-demo")].map((widget) => {
      const inside = widget.querySelector(".ow-inside");
      const answers = inside ? ".ow-plane svg, .ow-maps canvas" : ".ow-summary, .ow-verdict";
      const parts = widget.querySelectorAll(`.ow-stage, ${answers}`);
      const boxes = [...parts].map((part) => part.getBoundingClientRect());
      return Math.max(...boxes.map(({ bottom }) => bottom)) - Math.min(...boxes.map(({ top }) => top));
    });
    return { room, widgets };
  });
}

for (const address of pages) {
  test(`/${address}: everything is in its place at all widths, light and dark`, async (context) => {
    await shared.withPage(
      async (page) => {
        const shift = await visit(page, address);
        context.diagnostic(`/${address}: layout shift ${shift.toFixed(4)}`);
        assert.ok(shift < LARGEST_SHIFT, `cumulative layout shift ${shift}`);
        const { room, widgets } = await heights(page);
        for (const height of widgets)
          assert.ok(height <= room, `input and answers take ${height} of a phone's ${room} pixels`);
        for (const width of WIDTHS) {
          await page.setViewportSize(sized(width));
          await assertInPlace(page, `${width} pixels`);
          if (screenshots && CAPTURED.includes(width)) {
            const path = join(
              screenshots,
              `${address.replace(/\/$/, "").replaceAll("/", "-") || "index"}-${width}.png`,
            );
            const height = await page.evaluate(() => document.documentElement.scrollHeight);
            await page.screenshot({
              path,
              fullPage: true,
              clip: { x: 0, y: 0, width, height: Math.min(height, TALLEST) },
            });
          }
        }
        await page.emulateMedia({ colorScheme: "dark" });
        for (const width of thorough ? EDGES : []) {
          await page.setViewportSize(sized(width));
          await assertInPlace(page, `${width} pixels, dark`);
        }
        assert.deepEqual(await emptyLines(page), [], "headings with an empty line");
        await page.evaluate(() => scrollTo({ top: 600, behavior: "instant" })); // The header names the page then.
        if (await unfold(page)) {
          for (const width of EDGES) {
            await page.setViewportSize(sized(width));
            await assertInPlace(page, `${width} pixels, unfolded`);
          }
        }
        if (!withWidgets.includes(address)) return;
        await longestAnswers(page);
        for (const width of WIDTHS) {
          await page.setViewportSize(sized(width));
          await assertInPlace(page, `${width} pixels, the longest labels`);
        }
      },
      // A theme that moves nothing is laid out as any other, and need not be waited for.
      { colorScheme: "light", reducedMotion: "reduce", viewport: PHONE },
    );
  });
}

for (const address of withWidgets) {
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
      { viewport: { width: 1280, height: 800 } },
    );
  });
}

test("while networks are being fetched, nothing lies over anything on a small phone", async () => {
  await shared.withPage(
    async (page) => {
      await page.route("**/*.onnx", () => {}); // Never answered.
      for (const address of withWidgets) {
        await page.goto(home + address);
        for (const widget of await page.locator("onnx-demo").all()) {
          await widget.scrollIntoViewIfNeeded();
          await widget.locator(".ow-load-text", { hasText: "Fetching" }).waitFor();
        }
        await assertInPlace(page, `/${address}`);
      }
    },
    { reducedMotion: "reduce", viewport: sized(WIDTHS[0]) },
  );
});

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

test("each kind of fault is found when made on purpose", async () => {
  await shared.withPage(async (page) => {
    await visit(page, withWidgets[withWidgets.length - 1]);
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
  });
});

test("a label that is too long is found", async () => {
  await shared.withPage(async (page) => {
    await visit(page, withWidgets[0]);
    await demo(page)
      .locator(".ow-label")
      .first()
      .evaluate((label) => {
        label.textContent = "American Staffordshire terrier";
      });
    assert.notDeepEqual(await faultsOf(page), []);
  });
});
