import assert from "node:assert/strict";
import { test } from "node:test";
import { WidgetError } from "../../../site_assets/widgets/core/messages.mjs";
import { PUBLISHED } from "../../../site_assets/widgets/core/published.mjs";
import { Client } from "../../../site_assets/widgets/engine/client.mjs";
import { CheckedWorker, checkProgram } from "../../../site_assets/widgets/engine/program.mjs";
import { settled, workers } from "./fakes.mjs";

/** @type {any} */
const REQUEST = { models: [] };

function checked() {
  const all = workers();
  /** @type {{pass: () => void, fail: (error: unknown) => void}} */
  const check = /** @type {any} */ ({});
  const result = new Promise((resolve, reject) => Object.assign(check, { pass: resolve, fail: reject }));
  return { all, check, client: new Client(() => new CheckedWorker(all.start, result)) };
}

test("no worker starts before its modules are checked; then it is asked what was asked meanwhile", async () => {
  const { all, check, client } = checked();
  const answer = client.ask("run", REQUEST);
  await settled();
  assert.deepEqual(all.started, []);
  check.pass();
  await settled();
  all.newest.done("run", "answer");
  assert.equal(await answer, "answer");
});

test("a worker whose modules are not what was published never starts, and the reason is told", async () => {
  const { all, check, client } = checked();
  const answer = client.ask("run", REQUEST);
  check.fail(new WidgetError("hash", { what: "the page’s program" }));
  await assert.rejects(answer, { code: "hash" });
  await settled();
  assert.deepEqual(all.started, []);
});

test("a worker that is ended while it is checked never starts; one that runs is ended", async () => {
  for (const running of [false, true]) {
    const { all, check, client } = checked();
    const answer = client.ask("run", REQUEST);
    if (running) check.pass();
    await settled();
    client.restart();
    await assert.rejects(answer, { code: "superseded" });
    check.pass();
    await settled();
    assert.deepEqual(
      all.started.map(({ terminated }) => terminated),
      running ? [true] : [],
    );
  }
});

test("a worker that dies has crashed, and so has one that the browser does not start", async () => {
  const { all, check, client } = checked();
  const answer = client.ask("run", REQUEST);
  check.pass();
  await settled();
  all.newest.die();
  await assert.rejects(answer, { code: "crashed" });
  const refused = () => {
    throw new DOMException("no", "SecurityError");
  };
  const unstarted = new Client(() => new CheckedWorker(refused, Promise.resolve()));
  await assert.rejects(unstarted.ask("run", REQUEST), { code: "crashed" });
});

test("all modules of the worker are checked, and the lab’s only with the lab", async (context) => {
  /** @type {string[]} */
  const fetched = [];
  context.mock.method(globalThis, "fetch", async (/** @type {string} */ url) => {
    fetched.push(url.slice(url.indexOf("widgets/")));
    throw new Error("enough");
  });
  const part = { bytes: 1, sha256: "0".repeat(64) };
  const shared = ["widgets/core/image.mjs", "widgets/worker/worker.mjs"];
  const lab = ["widgets/lab/poison.mjs", "widgets/worker/lab-worker.mjs", "widgets/worker/lab/bench.mjs"];
  for (const address of [...shared, ...lab, "lab/lab.json", "ort/ort.wasm"]) PUBLISHED[address] = part;
  for (const withLab of [false, true]) {
    fetched.length = 0;
    await assert.rejects(checkProgram(withLab));
    assert.deepEqual(fetched, withLab ? [...shared, ...lab] : shared);
  }
});
