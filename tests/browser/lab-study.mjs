/**
 * What the lab in the tab can do, in a browser:
 *
 *     node tests/browser/lab-study.mjs SITE --out FILE [verdicts] [blocks] [speeds] [memory] [bytes]
 *
 * SITE is a built site. Each part writes its own key of FILE; without parts: all.
 *
 * - verdicts: each defence on ten networks that were trained in the tab, five with a backdoor and their clean twins, as the
 *   page words them.
 * - blocks: the longest of the page's thread, from its load through a training and all defences.
 * - speeds: milliseconds of each kind of work, medians of some turns (a quiet machine, please).
 * - memory: after each of ten trainings in one tab, garbage collected.
 * - bytes: what the page fetches beyond the runtime, packed as a host sends it.
 */

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";
import { watchBlocks } from "./harness/blocks.mjs";
import { launch } from "./harness/browser.mjs";
import { startServer } from "./harness/server.mjs";

/** @typedef {import("playwright-core").Page} Page */

const PARTS = { verdicts, blocks, speeds, memory, bytes };
/** @typedef {keyof typeof PARTS} Part */

const { values, positionals } = parseArgs({ allowPositionals: true, options: { out: { type: "string" } } });
const [site, ...asked] = positionals;
const unknown = asked.filter((part) => !Object.hasOwn(PARTS, part));
if (!site || !values.out || unknown.length > 0) {
  console.error("node tests/browser/lab-study.mjs SITE --out FILE [verdicts] [blocks] [speeds] [memory] [bytes]");
  process.exit(1);
}

/** Trigger, target, poison rate and seed of the five backdoored networks; the gallery's triggers. */
const ATTACKS = [
  { trigger: "patch", target: 7, rate: 0.05, seed: 1 },
  { trigger: "pixel", target: 3, rate: 0.1, seed: 2 },
  { trigger: "blend", target: 0, rate: 0.1, seed: 3 },
  { trigger: "sinusoid", target: 5, rate: 0.1, seed: 4 },
  { trigger: "warp", target: 9, rate: 0.2, seed: 5 },
];
const TRAININGS = 10;
const TURNS = 3;
const VERBS = { search: "Search", strip: "Lay over", clusters: "Cluster", prune: "Prune", tune: "Fine-tune" };
/** How the page words a verdict. Repairs are judged by whether the backdoor is gone. @type {[RegExp, string][]} */
const WORDS = [
  [/Right: there is|The backdoor is gone\./, "right"],
  [/Right about .*, wrong about/, "partly"],
  [/Wrong: there is|The backdoor is still there\./, "wrong"],
  [/There was no backdoor to remove\.|The attack did not work before either\./, "nothing"],
];

const server = await startServer({ siteDir: site, base: "/report/" });
const browser = await launch(["--js-flags=--expose-gc"]);
/** @type {Record<string, unknown>} */
const report = existsSync(values.out) ? JSON.parse(readFileSync(values.out, "utf8")) : {};
for (const part of /** @type {Part[]} */ (asked.length > 0 ? asked : Object.keys(PARTS))) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  const page = await context.newPage();
  page.setDefaultTimeout(120_000);
  const made = await PARTS[part](page);
  report[part] = { cpu: cpus()[0].model.trim(), browser: browser.version(), ...made };
  console.log(part, JSON.stringify(made));
  await context.close();
  writeFileSync(values.out, `${JSON.stringify(report, null, 2)}\n`);
}
await browser.close();
await server.close();

/** Open the lab at a step, and wait for its networks. @param {Page} page @param {string} query */
async function openLab(page, query) {
  await page.goto(`${server.url}lab/?${query}`);
  await trained(page).waitFor();
}

/** @param {Page} page */
function trained(page) {
  return page.locator("backdoor-lab .bl-status", { hasText: "Trained in this tab" });
}

/**
 * Run each defence on the network that is chosen.
 *
 * @param {Page} page
 * @returns {Promise<Record<string, {verdict: string, said: string}>>}
 */
async function hunt(page) {
  /** @type {Record<string, {verdict: string, said: string}>} */
  const found = {};
  for (const [name, verb] of Object.entries(VERBS)) {
    const go = page.locator("backdoor-lab .bl-hunt").getByRole("button", { name: verb, exact: true });
    const heading = await go.locator("xpath=..").locator("h3").textContent();
    const section = page.locator("backdoor-lab .bl-hunt", { hasText: heading ?? "" });
    await go.click();
    const told = section.locator(".bl-verdict:not(:empty)");
    await told.waitFor();
    const said = (await told.textContent()) ?? "";
    const known = WORDS.find(([pattern]) => pattern.test(said));
    if (!known) throw new Error(`${name}: a verdict that is not known: ${said}`);
    found[name] = { verdict: known[1], said };
  }
  return found;
}

/** @param {Page} page */
async function verdicts(page) {
  const networks = [];
  for (const { trigger, target, rate, seed } of ATTACKS) {
    await openLab(page, `lab.step=catch&lab.trigger=${trigger}&lab.target=${target}&lab.rate=${rate}&lab.seed=${seed}`);
    const status = (await trained(page).textContent()) ?? "";
    const [clean, success] = [...status.matchAll(/([\d.]+)\s%/g)].map(([, number]) => Number(number) / 100);
    const made = { trigger, target, rate, seed };
    networks.push({ ...made, backdoored: true, clean, success, verdicts: await hunt(page) });
    await page.locator("backdoor-lab input[name=bl-which][value=clean]").check();
    networks.push({ ...made, backdoored: false, verdicts: await hunt(page) });
    console.log(`${trigger}: ${status}`);
  }
  return { networks };
}

/** @param {Page} page */
async function blocks(page) {
  return watchBlocks(page, async () => {
    await openLab(page, "lab.step=training");
    await page.locator("backdoor-lab").getByRole("button", { name: "Catch it" }).click();
    await hunt(page);
  });
}

/** @param {Page} page */
async function speeds(page) {
  await page.goto(`${server.url}lab/`);
  await page.locator("backdoor-lab").evaluate((element) => element.remove()); // Nothing else runs.
  return page.evaluate(
    async ({ lab: address, turns }) => {
      const { Lab } = await import(address);
      const lab = new Lab();
      const { card, data } = await lab.open();
      const timed = async (/** @type {() => Promise<unknown>} */ work) => {
        const began = performance.now();
        await work();
        return performance.now() - began;
      };
      const median = async (/** @type {() => Promise<number>} */ measure) => {
        const found = [];
        for (let turn = 0; turn < turns; turn++) found.push(await measure());
        return found.sort((a, b) => a - b)[turns >> 1];
      };
      /** @type {number[]} */
      const epochs = [];
      const training = await median(async () => {
        await lab.ask("begin", { recipe: card.recipe });
        let last = performance.now();
        const onProgress = (/** @type {{history: unknown}} */ { history }) => {
          if (!history) return;
          epochs.push(performance.now() - last);
          last = performance.now();
        };
        return timed(() => lab.ask("train", {}, { onProgress }));
      });
      epochs.sort((a, b) => a - b);
      const on = { which: "backdoored" };
      const search = await median(() => timed(() => lab.ask("search", on)));
      const strip = await median(() => timed(() => lab.ask("strip", on)));
      let cuts = 1;
      const prune = await median(() =>
        timed(async () => {
          cuts = (await lab.ask("prune", on)).length - 1;
        }),
      );
      const tune = await median(() => timed(() => lab.ask("tune", on)));
      lab.leave();
      return {
        turns,
        milliseconds: {
          epoch: epochs[epochs.length >> 1],
          training,
          networks: 2,
          epochs: card.recipe.training.epochs,
          images: data.training.labels.length,
          search,
          strip,
          prune,
          pruneStep: prune / cuts,
          tune,
        },
      };
    },
    { lab: await labModule(page), turns: TURNS },
  );
}

/** The address of the lab's module on a built page. @param {Page} page */
async function labModule(page) {
  const entry = await page
    .locator('script[src$="/widgets/index.mjs"], link[href*="/widgets/"][rel=modulepreload]')
    .first()
    .evaluate((element) => /** @type {any} */ (element).src || /** @type {any} */ (element).href);
  return new URL("engine/lab.mjs", entry.replace(/\/widgets\/.*/, "/widgets/")).href;
}

/** @param {Page} page */
async function memory(page) {
  const cdp = await browser.newBrowserCDPSession();
  const tab = await page.context().newCDPSession(page);
  await tab.send("HeapProfiler.enable");
  await openLab(page, "lab.step=training");
  const after = [];
  for (let training = 1; training <= TRAININGS; training++) {
    if (training > 1) {
      await page.getByRole("button", { name: "Another seed" }).click();
      await page.locator("backdoor-lab .bl-status", { hasText: "Learning" }).waitFor();
      await trained(page).waitFor();
    }
    const [worker] = page.workers();
    await worker.evaluate(() => /** @type {any} */ (globalThis).gc());
    await tab.send("HeapProfiler.collectGarbage");
    const { usedSize } = await tab.send("Runtime.getHeapUsage");
    const { processInfo } = await cdp.send("SystemInfo.getProcessInfo");
    const resident = processInfo.filter(({ type }) => type === "renderer").map(({ id }) => residentBytes(id));
    after.push({ training, pageHeap: usedSize, process: Math.max(...resident) });
  }
  return { trainings: after };
}

/** Of a process. @param {number} id */
function residentBytes(id) {
  const found = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${id}/status`, "utf8"));
  return 1024 * Number(found?.[1]);
}

/** @param {Page} page */
async function bytes(page) {
  /** @type {Promise<[string, Buffer]>[]} */
  const fetched = [];
  page.on("response", (response) => {
    const { pathname } = new URL(response.url());
    if (pathname.includes("/onnx-widgets/")) fetched.push(response.body().then((body) => [pathname, body]));
  });
  await openLab(page, "lab.step=data&lab.epochs=1");
  const files = new Map(await Promise.all(fetched));
  const sum = (/** @type {RegExp} */ pattern) =>
    [...files].reduce((all, [name, body]) => all + (pattern.test(name) ? gzipSync(body).length : 0), 0);
  return {
    files: sum(/^\/.*\/onnx-widgets\/[^/]+\/lab\//),
    modules: sum(/\/widgets\//),
    runtime: sum(/\/ort\//),
  };
}
