/**
 * Every page of the built report below a sub-path, visited once: every widget answers, nothing blocks the page or shifts, the
 * policy holds and nothing leaves the site; axe finds nothing in either scheme; and from a small phone to a large screen,
 * light and dark, nothing overlaps, is cut off or lies outside the window.
 *
 * THOROUGH=1 looks at more widths, at the dark scheme's, which moves hardly a box, and visits each page from a phone as well.
 * With LAYOUT_PICTURES=DIR, each page is then captured at three widths as well.
 */

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { violations } from "./harness/axe.mjs";
import { watchBlocks } from "./harness/blocks.mjs";
import { answers, DIGITS, demo, draw, ready, summary } from "./harness/drive.mjs";
import { assertInPlace, PHONE, settled, sized } from "./harness/in-place.mjs";
import { setup } from "./harness/setup.mjs";
import { buildSite } from "./harness/site.mjs";
import { shiftOf, watch } from "./harness/watch.mjs";

const thorough = process.env.THOROUGH === "1";
/** The last two: a window of 1280 pixels at twice the size, and a little less, between the layouts of a phone and of a tablet. */
const WIDTHS = thorough ? [320, 390, 768, 1280, 1920, 620, 640] : [320, 768, 1280];
/** Where what changes little is looked at again. */
const EDGES = [320, 1280];
const CAPTURED = [390, 768, 1280];
/** Of a screenshot; a browser draws no taller one. */
const TALLEST = 16_000;
/**
 * Of processor time. An inference or a photo's decoding on the page's own thread takes more; page-times.mjs measures. The
 * reference has neither, and is so long that laying it out takes this time.
 */
const LONGEST_BLOCK_MS = 400;
const LARGEST_SHIFT = 0.02;
/** That are all opened. */
const MOST_FOLDS = thorough ? Number.POSITIVE_INFINITY : 80;

/** @typedef {import("playwright-core").Page} Page */

const { siteDir, port, host, home, pages, withWidgets } = await buildSite();
const shared = setup({ server: { siteDir, port } });
const screenshots = process.env.LAYOUT_PICTURES;
if (screenshots) mkdirSync(screenshots, { recursive: true });
/** A service worker would store the whole site anew on each visit. */
const LIGHT = /** @type {const} */ ({ colorScheme: "light", serviceWorkers: "block" });

/**
 * The page as the theme's script leaves it, and each of its widgets with a drawing answered.
 *
 * @param {Page} page
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

/** Open every folded part, or of very many, which are alike, every fourth; false if there is none. @param {Page} page */
async function unfold(page) {
  return page.evaluate((most) => {
    const folds = [...document.querySelectorAll("details")];
    const every = folds.length > most ? 4 : 1;
    for (const fold of folds.filter((_fold, at) => at % every === 0))
      for (
        let part = /** @type {HTMLDetailsElement | null} */ (fold);
        part;
        part = part.parentElement?.closest("details") ?? null
      )
        part.open = true;
    return folds.length > 0;
  }, MOST_FOLDS);
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

/** @param {Page} page @param {string} address @param {number} width */
async function capture(page, address, width) {
  const name = address.replace(/\/$/, "").replaceAll("/", "-") || "index";
  const height = await page.evaluate(() => document.documentElement.scrollHeight);
  await page.screenshot({
    path: join(screenshots ?? "", `${name}-${width}.png`),
    fullPage: true,
    clip: { x: 0, y: 0, width, height: Math.min(height, TALLEST) },
  });
}

/** What axe finds, and whether the page is too wide. @param {Page} page @param {"default" | "slate"} scheme @param {number} width */
async function assertAccessible(page, scheme, width) {
  await page.locator(`body[data-md-color-scheme=${scheme}]`).waitFor({ state: "attached" });
  await page.setViewportSize({ width, height: 800 });
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  assert.ok(overflow <= 0, `the page is ${overflow} pixels too wide at ${width}`);
  assert.deepEqual(await violations(page), [], `${scheme}, ${width} pixels`);
}

test("the report has pages, and pages with widgets", () => {
  assert.ok(pages.length > withWidgets.length);
  assert.ok(withWidgets.length > 0);
});

for (const address of pages) {
  test(`/${address}: widgets answer, nothing is blocked or shifts, axe finds nothing, everything is in its place`, async (context) => {
    await shared.withPage(
      async (page) => {
        const wrong = await watch(page, host);
        let widgets = 0;
        const { processor } = await watchBlocks(page, async () => {
          widgets = await visit(page, address);
        });
        const shift = await shiftOf(page);
        context.diagnostic(
          `/${address}: ${widgets} widgets, layout shift ${shift.toFixed(4)}, longest block ${processor.toFixed(0)} ms of processor time`,
        );
        if (!address.startsWith("api"))
          assert.ok(processor < LONGEST_BLOCK_MS, `the page was blocked for ${processor} ms`);
        assert.ok(shift < LARGEST_SHIFT, `cumulative layout shift ${shift}`);
        await assertAccessible(page, "default", 1280);
        // A theme that moves nothing is laid out as any other, and need not be waited for.
        await page.emulateMedia({ reducedMotion: "reduce" });
        await page.evaluate(() => scrollTo({ top: 0, behavior: "instant" }));
        await page.setViewportSize(PHONE);
        await settled(page);
        const { room, widgets: tall } = await heights(page);
        for (const height of tall)
          assert.ok(height <= room, `input and answers take ${height} of a phone's ${room} pixels`);
        for (const width of WIDTHS) {
          await page.setViewportSize(sized(width));
          await assertInPlace(page, `${width} pixels`);
          if (screenshots && CAPTURED.includes(width)) await capture(page, address, width);
        }
        await page.emulateMedia({ colorScheme: "dark" });
        await assertAccessible(page, "slate", 360);
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
        if (widgets > 0) {
          await longestAnswers(page);
          for (const width of WIDTHS) {
            await page.setViewportSize(sized(width));
            await assertInPlace(page, `${width} pixels, the longest labels`);
          }
        }
        assert.deepEqual(wrong, []);
      },
      { ...LIGHT, viewport: sized(1280) },
    );
  });
}

for (const address of thorough ? pages : withWidgets.slice(0, 1)) {
  test(`/${address}: on a phone, nothing shifts while widgets appear`, async () => {
    await shared.withPage(
      async (page) => {
        await watch(page, host);
        await page.goto(home + address);
        const widgets = await page.locator("onnx-demo").count();
        for (let which = 0; which < widgets; which++) {
          await ready(page, which);
          await summary(page, /say|trigger/i, which);
        }
        await settled(page);
        const shift = await shiftOf(page);
        assert.ok(shift < LARGEST_SHIFT, `cumulative layout shift ${shift}`);
      },
      { ...LIGHT, reducedMotion: "reduce", viewport: PHONE },
    );
  });
}
