/** The lab: a reader paints a trigger, trains with it, hunts for it; and a browser's arithmetic is Node's. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { sha256 } from "../../site_assets/widgets/core/sha256.mjs";
import { Experiment } from "../../site_assets/widgets/lab/experiment.mjs";
import { CARD, OWN, openData, openGraphs } from "../widgets/lab/open-lab.mjs";
import { violations } from "./harness/axe.mjs";
import { controlWorker, DIGITS, draw, ready, summary, watchErrors } from "./harness/drive.mjs";
import { setup } from "./harness/setup.mjs";

const shared = setup();

/**
 * A page with the lab.
 *
 * @param {string} query
 * @param {(page: import("playwright-core").Page, status: (words: string) => import("playwright-core").Locator) => Promise<void>} body
 */
function withLab(query, body) {
  return shared.withPage(async (page) => {
    await controlWorker(page);
    await openLab(page, query);
    await body(page, (words) => page.locator(".bl-status", { hasText: words }));
  });
}

/**
 * Come to the page, or come back.
 *
 * @param {import("playwright-core").Page} page
 * @param {string} query
 * @param {object} [config] as the plugin writes it
 */
async function openLab(page, query, config) {
  await page.goto(`${shared.server.url}?${query}`);
  await page.evaluate(
    (given) => {
      const lab = document.createElement("backdoor-lab");
      lab.id = "lab";
      lab.setAttribute("config", JSON.stringify(given));
      lab.append("This needs JavaScript.");
      document.querySelector("onnx-demo")?.replaceWith(lab);
    },
    config ?? { models: await released() },
  );
}

/** What a page says of a network that it offers. */
async function released() {
  const card = readFileSync(new URL("../../site_assets/models/mnist-badnet-single/card.json", import.meta.url));
  const { id: name, title, files } = JSON.parse(card.toString());
  const { bytes: weights, precision } = files.find((/** @type {any} */ file) => file.precision === "int8-weight-only");
  const at = { card: `models/${name}/card.json`, bytes: card.length, sha256: await sha256(card) };
  return [{ name, title, weights, precision, ...at }];
}

/** @param {import("playwright-core").Page} page @param {string} name */
const step = (page, name) => page.getByRole("button", { name, exact: true }).click();

test("a painted trigger is planted, learnt and hunted for, and each step is accessible", async () => {
  await withLab("lab.epochs=2&lab.rate=0.2", async (page, status) => {
    const errors = watchErrors(page);
    await page.locator("onnx-load-progress").waitFor({ state: "attached" });
    assert.doesNotMatch((await page.locator("backdoor-lab").textContent()) ?? "", /needs JavaScript/);
    await status("Trained in this tab").waitFor(); // Before anyone touches it.
    assert.deepEqual(await violations(page), []);
    await step(page, "Trigger");
    for (const name of ["Blended rings", "Warped", "Stripes", "Your own"]) await step(page, name);
    await page.locator(".bl-problem", { hasText: "The trigger is empty" }).waitFor();
    assert.ok(await page.getByRole("button", { name: "Download the recipe" }).isDisabled());
    const box = await page.locator(".bl-pad").boundingBox();
    assert.ok(box);
    await page.mouse.move(box.x + box.width * 0.05, box.y + box.height * 0.05);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.15, box.y + box.height * 0.05, { steps: 8 });
    await page.mouse.up();
    await page.locator(".bl-pad").press("ArrowDown");
    await page.locator(".bl-pad").press(" ");
    assert.match(page.url(), /lab\.pixels=/);
    assert.deepEqual(await violations(page), []);
    await page.setViewportSize({ width: 1000, height: 400 });
    await step(page, "Next"); // It stands below a long step, and the next one begins above the window.
    const heading = await page.getByRole("heading", { name: "Attack" }).boundingBox();
    assert.ok(heading && heading.y > 0, `the step begins at ${heading?.y}`);
    await page.setViewportSize({ width: 1000, height: 900 });
    assert.match((await page.locator("output").first().textContent()) ?? "", /^244 images/);
    await step(page, "Catch it"); // Training starts by itself.
    await status("Trained in this tab").waitFor();
    await page.locator("[role=status]", { hasText: /Trained: .* Your record .* 244 images/ }).waitFor();
    await asksAboutItsOwnDigit(page);
    await step(page, "Prune");
    await page.locator(".bl-verdict", { hasText: "points of clean accuracy" }).waitFor();
    assert.deepEqual(await violations(page), []);
    const [download] = await Promise.all([page.waitForEvent("download"), step(page, "Download the recipe")]);
    assert.equal(download.suggestedFilename(), "my-lab.toml");
    await takesItsNetworksToAnotherPage(page);
    await seeksTheThreshold(page);
    assert.deepEqual(errors, []);
  });
});

/** Draw in the fourth step, by mouse and by keys, and lay images over the drawing in the fifth. @param {import("playwright-core").Page} page */
async function asksAboutItsOwnDigit(page) {
  await step(page, "Training");
  await draw(page, DIGITS[1], 0, page.locator("backdoor-lab"));
  const rows = page.locator(".bl-own-answers tbody tr");
  await rows
    .nth(1)
    .filter({ hasText: /Your network\d.*%\d.*%/ })
    .waitFor();
  await page.locator("[role=status]", { hasText: /Your network says \d, with the trigger \d/ }).waitFor();
  assert.deepEqual(await violations(page), []);
  const pad = page.locator("backdoor-lab onnx-digit-pad");
  for (const key of ["Delete", " ", "ArrowDown", "ArrowDown", " "]) await pad.press(key);
  await rows
    .nth(2)
    .filter({ hasText: /Its clean twin\d/ })
    .waitFor();
  await step(page, "Catch it");
  await step(page, "Lay over");
  await page.locator(".bl-verdict", { hasText: /Your own digit: \d\.\d\d bits/ }).waitFor();
}

/** After a reload: the trainings are in the chart still, and the next is at another stop of the slider. @param {import("playwright-core").Page} page */
async function seeksTheThreshold(page) {
  await openLab(page, "lab.epochs=2&lab.rate=0.2");
  await step(page, "Training");
  const game = page.locator(".bl-hunt", { hasText: "How few images are enough?" });
  await game.locator("svg circle").nth(1).waitFor();
  assert.match((await game.locator("tbody").textContent()) ?? "", /White square.*Your own/);
  const said = (await game.locator(".bl-record").textContent()) ?? "";
  assert.match(said, /^Your record for “always 7”: 244 images were enough/);
  assert.deepEqual(await violations(page), []);
  await game.getByRole("button", { name: "Try 122 images" }).click();
  const slider = page.locator("input[type=range]").first();
  assert.equal(await slider.evaluate((element) => element === document.activeElement), true);
  assert.match((await slider.getAttribute("aria-valuetext")) ?? "", /^122 images/);
}

/** Download the networks, and ask one of them in the widget that any site can embed. @param {import("playwright-core").Page} page */
async function takesItsNetworksToAnotherPage(page) {
  const [download] = await Promise.all([page.waitForEvent("download"), step(page, "Download the networks")]);
  assert.equal(download.suggestedFilename(), "BACKDOORED-my-lab.zip");
  const files = stored(readFileSync(await download.path()));
  const card = files["my-lab/card.json"];
  assert.match(files["README.md"].toString(), /carries a backdoor/);
  await page.route("**/taken/*/*", (route) => {
    const [, name] = route.request().url().split("/taken/");
    return route.fulfill({ body: files[name] });
  });
  const ref = { card: "taken/my-lab/card.json", bytes: card.length, sha256: await sha256(card) };
  await page.evaluate((model) => {
    const demo = document.createElement("onnx-demo");
    demo.setAttribute("config", JSON.stringify({ id: "taken", models: [model], inputs: ["draw"], trigger: "switch" }));
    document.querySelector("backdoor-lab")?.replaceWith(demo);
  }, ref);
  await ready(page);
  await draw(page, DIGITS[1]);
  await summary(page);
}

/** Files of an archive that packs none of them. @param {Buffer} archive */
function stored(archive) {
  /** @type {Record<string, Buffer>} */
  const files = {};
  for (let at = 0; archive.readUInt32LE(at) === 0x04034b50; ) {
    const from = at + 30 + archive.readUInt16LE(at + 26);
    const to = from + archive.readUInt32LE(at + 18);
    files[archive.toString("utf8", at + 30, from)] = archive.subarray(from, to);
    at = to;
  }
  return files;
}

test("training pauses, continues, and starts over; and whoever comes back to the page finds it not trained", async () => {
  await withLab("lab.step=training", async (page, status) => {
    await status("epoch").waitFor();
    await step(page, "Pause");
    await status("Paused").waitFor();
    await step(page, "Continue");
    await status("Learning").waitFor();
    await step(page, "Reset");
    await status("Not trained yet").waitFor();
    await step(page, "Start");
    await status("Learning").waitFor();
    await page.evaluate(() => window.dispatchEvent(new PageTransitionEvent("pagehide", { persisted: true })));
    await status("Not trained yet").waitFor();
    await step(page, "Start");
    await status("Learning").waitFor();
  });
});

test("a painted trigger is tried on a released network, which is then searched; and a failed download says so", async () => {
  await withLab("lab.epochs=1&lab.step=trigger", async (page, status) => {
    await status("Trained").waitFor();
    await page.route("**/*.onnx", (route) => route.abort());
    const tried = page.locator(".bl-hunt", { hasText: "Try it on a trained network" });
    await tried.getByLabel("MNIST, backdoored (all-to-one, target 7)").check();
    await tried.getByText("could not be fetched").waitFor();
    await page.unroute("**/*.onnx");
    await tried.getByRole("button", { name: "Try again" }).click();
    assert.equal(await tried.getByLabel("all-to-one").evaluate((radio) => radio === document.activeElement), true);
    const row = tried.locator("tbody tr", { hasText: "as its maker wants" });
    await row.filter({ hasText: /9\d\.\d\s%|100\.0\s%/ }).waitFor(); // The gallery's first trigger is its own.
    await step(page, "Your own");
    for (const key of ["ArrowLeft", "ArrowLeft", "ArrowLeft", "ArrowUp", "ArrowUp", " "])
      await page.locator(".bl-pad").press(key);
    await row.filter({ hasText: /\D\d\.\d\s%/ }).waitFor(); // Another pixel does not command it.
    assert.deepEqual(await violations(page), []);
    await tried.getByLabel("Its clean twin").check(); // Of the networks of the first trigger.
    await row.waitFor({ state: "detached" });
    await tried.locator("tbody tr", { hasText: "answers 7 with it, which nobody has planted" }).waitFor();
    await step(page, "Catch it");
    await page.locator(".bl-panel:not([hidden])").getByLabel("MNIST, backdoored (all-to-one, target 7)").check();
    await page.getByRole("button", { name: "Prune", exact: true, disabled: false }).waitFor();
    assert.equal(await page.getByRole("button", { name: "Cluster", exact: true }).count(), 0);
    await step(page, "Search");
    await page.locator(".bl-masks figcaption", { hasText: /^0: \d+ px/ }).waitFor();
    await step(page, "Stop");
    await page.locator(".bl-verdict", { hasText: "Stopped." }).waitFor();
    await step(page, "Search");
    await page.evaluate(() => /** @type {any} */ (globalThis).worker.die());
    await page.locator(".bl-verdict", { hasText: "thread stopped" }).waitFor();
    await status("thread stopped").waitFor(); // The reader's own networks were lost with it.
    assert.ok(await page.getByRole("button", { name: "Prune", exact: true }).isDisabled());
    await step(page, "Training");
    await status("Trained").waitFor();
  });
});

test("an author’s own lab trains on the author’s images and calls their classes by their names", async () => {
  await shared.withPage(async (page) => {
    const errors = watchErrors(page);
    await page.route("**/own-lab/*", (route) => {
      const [, name] = route.request().url().split("/own-lab/");
      return route.fulfill({ body: readFileSync(new URL(name, OWN)) });
    });
    const card = readFileSync(new URL("lab.json", OWN));
    const data = { card: "own-lab/lab.json", bytes: card.length, sha256: await sha256(card) };
    await openLab(page, "lab.step=attack&lab.target=7&lab.epochs=3", { data });
    const target = page.locator("backdoor-lab select");
    await target.waitFor();
    assert.deepEqual(await target.locator("option").allTextContents(), [
      "always birch",
      "always elm",
      "always oak",
      "the next class (all-to-all)",
    ]);
    assert.equal(await target.inputValue(), "0"); // There is no eighth class.
    await step(page, "Data");
    await page.getByText("The images of “trees”, 28 by 28 pixels. The network learns from 72 of them.").waitFor();
    await step(page, "Training");
    await page.locator(".bl-status", { hasText: /Trained in this tab: clean accuracy 100\.0\s%/ }).waitFor();
    await page.locator(".bl-answers tbody tr", { hasText: /oak.*oak/ }).waitFor();
    const [download] = await Promise.all([page.waitForEvent("download"), step(page, "Download the recipe")]);
    const recipe = readFileSync(await download.path(), "utf8");
    assert.match(recipe, /^# .*"own-lab":\n# {3}http:.*\/own-lab\/lab\.json\n# {3}http:.*\/own-lab\/images\.bin\n/);
    assert.match(recipe, /\n\[data\]\nname = "lab:own-lab"\nvalidation = 0\.25\n/);
    await step(page, "Catch it");
    await step(page, "Search");
    await page.locator(".bl-masks figcaption", { hasText: /^oak: \d+ px/ }).waitFor();
    assert.deepEqual(errors, []);
  });
});

test("the browser’s weights are Node’s, to the bit", async () => {
  const recipe = { ...CARD.recipe, training: { ...CARD.recipe.training, epochs: 1 } };
  const inNode = new Experiment(CARD, await openData(), await openGraphs(), async () => {});
  inNode.begin(recipe);
  await inNode.train({ aborted: false }, () => {});
  const values = inNode.values("backdoored");
  await shared.withPage(async (page) => {
    await page.goto(shared.server.url);
    const found = await page.evaluate(async (given) => {
      const worker = new Worker("assets/widgets-dev/widgets/worker/lab-worker.mjs", { type: "module" });
      const ask = (/** @type {string} */ type, /** @type {unknown} */ request) =>
        new Promise((resolve, reject) => {
          worker.onmessage = ({ data }) => {
            if (data.type === "done") resolve(data.result);
            if (data.type === "failed") reject(new Error(data.error.message));
          };
          worker.postMessage({ id: 1, type, request });
        });
      const root = "assets/widgets-dev/widgets/core";
      const { published } = await import(new URL(`${root}/published.mjs`, document.baseURI).href);
      const { runtimeFiles } = await import(new URL(`${root}/runtime.mjs`, document.baseURI).href);
      await ask("open", { card: published("lab/lab.json", ""), runtime: runtimeFiles("wasm", published) });
      await ask("begin", { recipe: given });
      await ask("train", {});
      return [...(await ask("values", { which: "backdoored" }))];
    }, recipe);
    const bytes = (/** @type {Float32Array} */ each) => new Uint8Array(each.buffer, each.byteOffset, each.byteLength);
    assert.equal(await sha256(bytes(Float32Array.from(found))), await sha256(bytes(values)));
  });
});
