/**
 * How long a first and a second visit take on slow networks, on a phone and on a desktop:
 *
 *     node tests/browser/first-visits.mjs SITE [--page PATH] [--visits N] [--only 4g|3g] [--device phone|desktop]
 *         [--out FILE] [--waterfall]
 *
 * SITE is a built site. It is served over HTTP/2 as GitHub Pages does, behind a link of that speed; `phone` is 390 pixels
 * wide with its main thread four times slower. Times are medians in milliseconds since navigation; bytes are those on the
 * link until the first live answer. Before the first visit that counts, a fast one lets the host pack its files, as a host
 * has them packed already.
 */

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { launch } from "./harness/browser.mjs";
import { pagesHost } from "./harness/pages-host.mjs";
import { SPEEDS, slowLink } from "./harness/slow-link.mjs";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    page: { type: "string", default: "" },
    visits: { type: "string", default: "3" },
    only: { type: "string" },
    device: { type: "string" },
    out: { type: "string" },
    shots: { type: "string" },
    waterfall: { type: "boolean", default: false },
  },
});
const [site] = positionals;
if (!site) throw new Error("which site? node tests/browser/first-visits.mjs SITE");
const LONGEST_MS = 600_000;

const DEVICES = {
  phone: { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true, slower: 4 },
  desktop: { viewport: { width: 1280, height: 800 }, slower: 1 },
};

/** @typedef {{paint: number, stored: number | null, live: number, bytes: number}} Visit */

/** Notes when something is first to be seen; runs in the page. */
function watch() {
  /** @type {Record<string, number>} */
  const seen = {};
  Object.assign(globalThis, { seen });
  const look = () => {
    const now = performance.now();
    const demo = document.querySelector("onnx-demo");
    const answer = demo?.querySelector(".ow-now")?.textContent ?? "–";
    if (answer !== "–") seen.stored ??= now;
    if (demo && (demo.hasAttribute("data-live") || demo.hasAttribute("data-answered"))) seen.live ??= now;
    if (!seen.live) requestAnimationFrame(look);
  };
  look();
  new PerformanceObserver((list) => {
    for (const { name, startTime } of list.getEntries()) if (name === "first-contentful-paint") seen.paint = startTime;
  }).observe({ type: "paint", buffered: true });
}

/**
 * @param {import("playwright-core").BrowserContext} context
 * @param {Awaited<ReturnType<typeof slowLink>>} link
 * @param {number} slower
 * @param {string} [shot] prefix of screenshots
 * @returns {Promise<Visit>}
 */
async function visit(context, link, slower, shot) {
  const page = await context.newPage();
  if (slower > 1) {
    const session = await context.newCDPSession(page);
    await session.send("Emulation.setCPUThrottlingRate", { rate: slower });
  }
  await page.addInitScript(watch);
  const before = link.bytes;
  await page.goto(`https://localhost:${link.port}/${values.page}`, { waitUntil: "commit", timeout: LONGEST_MS });
  if (shot) {
    await page.waitForFunction(() => /** @type {any} */ (globalThis).seen?.paint);
    await page.screenshot({ path: `${shot}-paint.png` });
    await page.waitForTimeout(2000);
    await page.screenshot({ path: `${shot}-loading.png` });
  }
  await page.waitForFunction(() => /** @type {any} */ (globalThis).seen?.live, null, { timeout: LONGEST_MS });
  const bytes = link.bytes - before;
  if (shot) await page.screenshot({ path: `${shot}-live.png` });
  const { paint, stored, live } = await page.evaluate(() => /** @type {any} */ (globalThis).seen);
  await page.waitForFunction(() => document.querySelector("onnx-demo[data-answered]"), null, { timeout: LONGEST_MS });
  if ((await page.locator("meta[name=site-version]").count()) > 0) {
    // The next visit comes when the service worker has what it keeps.
    await page.waitForFunction(() => navigator.serviceWorker.controller !== null, null, { timeout: LONGEST_MS });
  }
  await page.waitForTimeout(1500); // What is kept for the next visit is written.
  await page.close();
  return { paint: paint ?? live, stored: stored < live ? stored : null, live, bytes };
}

/** @param {(number | null)[]} found */
function median(found) {
  const known = found.filter((each) => each !== null).sort((a, b) => a - b);
  return known.length === 0 ? null : Math.round(known[known.length >> 1]);
}

/** Which files the host was asked for until the live answer, in milliseconds since the first. @param {number} live */
function waterfall(live) {
  const asked = host.asked();
  const [{ from: start }] = asked;
  for (const { path, from, until, bytes } of asked) {
    if (from - start > live) continue;
    const end = until === null ? "" : Math.round(until - start);
    console.log(
      `${String(Math.round(from - start)).padStart(6)} ${String(end).padStart(6)} ${String(bytes).padStart(8)}  ${path}`,
    );
  }
}

const host = await pagesHost(site);
const browser = await launch(host.flags);
const fast = await browser.newContext();
const unhurried = await slowLink(host.port, { name: "Fast", megabits: 1000, roundTrip: 0 });
await visit(fast, unhurried, 1);
await fast.close();
await unhurried.close();
host.asked();
const rows = [];
for (const [speed, each] of Object.entries(SPEEDS)) {
  if (values.only && values.only !== speed) continue;
  for (const [device, { slower, ...options }] of Object.entries(DEVICES)) {
    if (values.device && values.device !== device) continue;
    /** @type {Record<"cold" | "warm", Visit[]>} */
    const found = { cold: [], warm: [] };
    for (let i = 0; i < Number(values.visits); i++) {
      const link = await slowLink(host.port, each);
      const context = await browser.newContext(options);
      const shot = values.shots && `${values.shots}-${speed}-${device}`;
      found.cold.push(await visit(context, link, slower, shot));
      if (values.waterfall) waterfall(found.cold[i].live);
      found.warm.push(await visit(context, link, slower));
      await context.close();
      await link.close();
    }
    for (const cache of /** @type {const} */ (["cold", "warm"])) {
      const visits = found[cache];
      const row = {
        network: each.name,
        device,
        cache,
        visits: visits.length,
        first_paint: median(visits.map(({ paint }) => paint)),
        stored_answer: median(visits.map(({ stored }) => stored)),
        live_answer: median(visits.map(({ live }) => live)),
        bytes: median(visits.map(({ bytes }) => bytes)),
      };
      rows.push(row);
      console.log(JSON.stringify(row));
    }
  }
}
await browser.close();
host.close();
if (values.out) {
  // What was not measured now stays as it is.
  const before = existsSync(values.out) ? JSON.parse(readFileSync(values.out, "utf8")).rows : [];
  const key = (/** @type {any} */ row) => `${row.network}, ${row.device}, ${row.cache}`;
  const again = new Set(rows.map(key));
  const all = [...rows, ...before.filter((/** @type {any} */ row) => !again.has(key(row)))];
  all.sort((a, b) => key(a).localeCompare(key(b)));
  const links = Object.values(SPEEDS);
  const result = { page: values.page, browser: browser.version(), links, slower: DEVICES.phone.slower, rows: all };
  writeFileSync(values.out, `${JSON.stringify(result, null, 2)}\n`);
}
process.exit();
