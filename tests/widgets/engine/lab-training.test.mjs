import assert from "node:assert/strict";
import { test } from "node:test";
import { WidgetError } from "../../../site_assets/widgets/core/messages.mjs";
import { Client } from "../../../site_assets/widgets/engine/client.mjs";
import { LabTraining } from "../../../site_assets/widgets/engine/lab-training.mjs";
import { settled, workers } from "./fakes.mjs";

/** @type {any} */
const RECIPE = { training: { epochs: 2 } };

/** A training whose worker does what the test says. */
function lab() {
  const all = workers();
  const client = new Client(all.start);
  /** @type {any} */
  const ask = client.ask.bind(client);
  /** @type {string[]} */
  const phases = [];
  /** @type {number[]} */
  const parts = [];
  const training = new LabTraining(
    { ask, open: () => ask("open", {}) },
    {
      onChange: () => training.phase !== phases.at(-1) && phases.push(training.phase),
      onProgress: (part) => parts.push(part),
    },
  );
  /** @param {...string} types answered in turn */
  const answers = async (...types) => {
    for (const type of types) {
      await settled();
      all.newest.done(type);
    }
    await settled();
  };
  const asked = () => all.newest.asked.map(({ type }) => type);
  return { all, training, phases, parts, answers, asked };
}

test("new networks are begun and trained, epoch by epoch in turn", async () => {
  const { all, training, phases, parts, answers } = lab();
  const ended = training.run(RECIPE);
  await answers("open", "begin");
  for (const [epoch, which] of [1, 2].flatMap(
    (each) =>
      /** @type {const} */ ([
        [each, "backdoored"],
        [each, "clean"],
      ]),
  )) {
    for (const step of [1, 2]) {
      const both = [1, 2].map((each) => ({ epoch: each, loss: 1, clean: 0.5, success: 0 }));
      const progress = { which, epoch, step, steps: 2, history: step === 2 ? both.slice(0, epoch) : null };
      all.newest.reply(all.newest.newest("train"), { type: "progress", progress });
    }
  }
  await answers("train");
  assert.equal(await ended, true);
  assert.deepEqual(phases, ["running", "done"]);
  assert.deepEqual(
    parts,
    [1, 2, 3, 4, 5, 6, 7, 8].map((step) => step / 8),
  );
  assert.deepEqual([training.histories.clean.length, training.last?.epoch], [2, 2]);
});

test("a pause while the networks are made holds: they are trained when it ends, and not made again", async () => {
  const { training, phases, answers, asked } = lab();
  const paused = training.run(RECIPE);
  await answers("open");
  training.pause();
  await answers("begin");
  assert.equal(await paused, false);
  assert.deepEqual([training.phase, asked()], ["paused", ["open", "begin"]]);
  const resumed = training.run(RECIPE);
  await answers("train");
  assert.equal(await resumed, true);
  assert.deepEqual(phases, ["running", "paused", "running", "done"]);
  assert.deepEqual(asked(), ["open", "begin", "train"]);
});

test("what is forgotten while it runs stays forgotten, and the next networks are begun after it", async () => {
  const { training, answers, asked } = lab();
  const first = training.run(RECIPE);
  await answers("open");
  training.forget();
  const second = training.run(RECIPE);
  await answers("begin");
  assert.equal(await first, false);
  await answers("open", "begin", "train");
  assert.equal(await second, true);
  assert.deepEqual(asked(), ["open", "begin", "open", "begin", "train"]);
  const answer = training.ask("clean", new Uint8Array());
  training.forget();
  await assert.rejects(answer, { code: "cancelled" });
  assert.deepEqual([training.phase, training.recipe], ["idle", null]);
});

test("after a failure there are no networks, and the next training begins new ones", async () => {
  const { all, training, answers } = lab();
  const failed = training.run(RECIPE);
  await settled();
  all.newest.die();
  await assert.rejects(failed, (error) => error instanceof WidgetError && error.code === "crashed");
  assert.equal(training.phase, "idle");
  const next = training.run(RECIPE);
  await answers("open", "begin", "train");
  assert.equal(await next, true);
});
