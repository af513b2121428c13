/** Networks of a stranger's: one that never ends or takes all memory costs its own widget the answer, and no other. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { demo, failureText, ready, summary } from "./harness/drive.mjs";
import { defaultConfig, ROOT, withHashes } from "./harness/server.mjs";
import { setup } from "./harness/setup.mjs";

const NETWORKS = join(ROOT, ".cache/fixtures/odd/networks");
/** Of scikit-learn, Keras and LightGBM. @type {{folder: string, label?: number}[]} */
const ofFrameworks = JSON.parse(readFileSync(join(NETWORKS, "answers.json"), "utf8")).filter(
  (/** @type {{label?: number}} */ { label }) => label !== undefined,
);
const [sample] = defaultConfig().samples;
const pipeline = { height: 8, width: 8, steps: [{ op: "resize" }] };

/** @param {string} kind */
const oddConfig = (kind) => ({
  id: kind,
  title: kind,
  models: [{ card: `fixtures/odd/${kind}/card.json`, title: kind }],
  inputs: ["samples"],
  samples: [sample],
  input: pipeline,
});

const shared = setup({ server: { config: oddConfig("endless") } });

/** Another widget after the first. @param {import("playwright-core").Page} page @param {object} config */
const add = async (page, config) =>
  demo(page).evaluate(
    (first, text) => {
      const element = document.createElement("onnx-demo");
      element.setAttribute("config", text);
      first.parentElement?.append(element);
    },
    JSON.stringify(await withHashes(config)),
  );

test("an endless network is stopped and says so, and the other widget of the page answers", async () => {
  await shared.withPage(async (page) => {
    await page.clock.install();
    await page.goto(shared.server.url);
    const computing = demo(page).locator("onnx-load-progress[data-state=done]");
    await computing.waitFor({ state: "attached" }); // It is open, and its first sample is asked for.
    await add(page, { ...defaultConfig(), id: "other" });
    await demo(page, 1).locator("onnx-load-progress[data-state=loading]").waitFor();
    const failed = demo(page).locator("onnx-load-progress[data-state=failed]");
    while (!(await failed.isVisible())) await page.clock.runFor(1000); // Counted once the worker has begun.
    assert.match(await failureText(page), /did not come to an end/);
    await demo(page).getByRole("button", { name: "Try again" }).waitFor();
    await ready(page, 1);
    await summary(page, /say/, 1);
  });
});

test("a network that takes all memory fails in words, and the other widget of the page answers", async () => {
  await shared.withPage(async (page) => {
    await page.goto(shared.server.url);
    await page.evaluate(
      (text) => {
        for (const each of document.querySelectorAll("onnx-demo")) each.remove();
        const element = document.createElement("onnx-demo");
        element.setAttribute("config", text);
        document.querySelector("main")?.append(element);
      },
      JSON.stringify(await withHashes(oddConfig("greedy"))),
    );
    await summary(page, /failed on this image/);
    await add(page, oddConfig("networks/1")); // Of 16 bits, which some browsers have arrays for and some not.
    await ready(page, 1);
    await summary(page, /says? [abc] /, 1);
    await add(page, { ...defaultConfig(), id: "other" });
    await ready(page, 2);
    await summary(page, /say/, 2);
    for (const [index, { folder, label }] of ofFrameworks.entries()) {
      const { input } = JSON.parse(readFileSync(join(NETWORKS, folder, "card.json"), "utf8"));
      const src = `fixtures/odd/networks/${folder}/sample.png`;
      await add(page, { ...oddConfig(`networks/${folder}`), samples: [{ src, alt: "A digit" }], input });
      await ready(page, 3 + index);
      await summary(page, new RegExp(`says ${label} `), 3 + index);
    }
  });
});
