import assert from "node:assert/strict";
import { test } from "node:test";
import { WidgetError } from "../../../site_assets/widgets/core/messages.mjs";
import { serve } from "../../../site_assets/widgets/worker/serve.mjs";

/** @typedef {import("../../../site_assets/widgets/worker/serve.mjs").Task} Task */
/** @typedef {import("../../../site_assets/widgets/worker/serve.mjs").Reply} Reply */

/** A worker with these tasks, and what it posted. @param {Record<string, Task>} tasks */
function worker(tasks) {
  /** @type {Reply[]} */
  const posted = [];
  /** @type {Transferable[][]} */
  const transferred = [];
  /** @type {(event: {data: object}) => void} */
  let receive = () => {};
  serve(
    {
      addEventListener: (_, listener) => {
        receive = listener;
      },
      postMessage: (reply, transfer) => {
        posted.push(reply);
        transferred.push(transfer);
      },
    },
    tasks,
  );
  return { posted, transferred, post: (/** @type {object} */ data) => receive({ data }) };
}

const soon = () => new Promise(setImmediate);

test("a task's progress and result come back under the request's id, with what it hands over", async () => {
  const buffer = new ArrayBuffer(1);
  /** @type {any} */
  const progress = { loaded: 1 };
  const { post, posted, transferred } = worker({
    double: async (request, _, onProgress) => {
      onProgress(progress);
      return { result: request * 2, transfer: [buffer] };
    },
  });
  post({ id: 7, type: "double", request: 21 });
  await soon();
  assert.deepEqual(posted, [
    { id: 7, type: "progress", progress },
    { id: 7, type: "done", result: 42 },
  ]);
  assert.deepEqual(transferred, [[], [buffer]]);
});

test("a failure comes back in words that survive the way", async () => {
  const { post, posted } = worker({
    fail: async () => {
      throw new WidgetError("huge", { found: "9 × 9" });
    },
  });
  post({ id: 1, type: "fail" });
  await soon();
  const [reply] = structuredClone(posted);
  assert.ok(reply.type === "failed");
  assert.deepEqual([reply.error.code, reply.error.details], ["huge", { found: "9 × 9" }]);
});

test("cancel aborts the request with that id and no other", async () => {
  /** @type {AbortSignal[]} */
  const signals = [];
  const { post } = worker({
    wait: (_, signal) => {
      signals.push(signal);
      return new Promise(() => {});
    },
  });
  post({ id: 1, type: "wait" });
  post({ id: 2, type: "wait" });
  post({ id: 2, type: "cancel" });
  post({ id: 3, type: "cancel" });
  assert.deepEqual(
    signals.map(({ aborted }) => aborted),
    [false, true],
  );
});

for (const type of ["no-such", "toString"]) {
  test(`a task that is not in the table (${type}) fails instead of hanging`, async () => {
    const { post, posted } = worker({});
    post({ id: 1, type });
    await soon();
    assert.equal(posted[0].type, "failed");
  });
}
