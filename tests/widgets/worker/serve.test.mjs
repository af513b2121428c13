import assert from "node:assert/strict";
import { test } from "node:test";
import { WidgetError } from "../../../site_assets/widgets/core/messages.mjs";
import { boundMemory, MOST_PAGES } from "../../../site_assets/widgets/worker/memory.mjs";
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
    double: async (request, { onProgress }) => {
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
    wait: (_, { signal }) => {
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

test("computations take turns, and the page is told whose it is and that it gets on", async () => {
  /** @type {(() => void)[]} */
  const ends = [];
  const { post, posted } = worker({
    think: async (request, { compute }) => ({
      result: await compute(async (alive) => {
        await new Promise((resolve) => ends.push(() => resolve(null)));
        alive();
        return request;
      }),
    }),
  });
  post({ id: 1, type: "think", request: "a" });
  post({ id: 2, type: "think", request: "b" });
  await soon();
  assert.deepEqual([ends.length, posted], [1, [{ id: 1, type: "computing" }]]);
  ends[0]();
  await soon();
  ends[1]();
  await soon();
  const told = posted.map(({ id, type }) => `${id} ${type}`);
  const whole = (/** @type {number} */ id) =>
    ["computing", "computing", "computed", "done"].map((type) => `${id} ${type}`);
  assert.deepEqual([...told].sort(), [...whole(1), ...whole(2)].sort());
  assert.ok(told.indexOf("1 computed") < told.indexOf("2 computing"));
});

test("a computation that fails gives way to the next, and one that is cancelled before its turn never begins", async () => {
  const begun = { never: false };
  const { post, posted } = worker({
    fail: async (_, { compute }) => ({ result: await compute(() => Promise.reject(new WidgetError("failed"))) }),
    never: async (_, { compute }) => ({
      result: await compute(async () => {
        begun.never = true;
      }),
    }),
    think: async (_, { compute }) => ({ result: await compute(async () => 3) }),
  });
  post({ id: 1, type: "fail" });
  post({ id: 2, type: "never" });
  post({ id: 2, type: "cancel" });
  post({ id: 3, type: "think" });
  await soon();
  assert.deepEqual(
    posted
      .filter(({ type }) => type === "done" || type === "failed")
      .map(({ id, type }) => `${id} ${type}`)
      .sort(),
    ["1 failed", "2 failed", "3 done"],
  );
  assert.equal(begun.never, false);
});

for (const [what, thrown, spent] of /** @type {const} */ ([
  ["an answer that is refused", new WidgetError("failed"), false],
  [
    "a crash of the runtime",
    new WidgetError("failed", {}, { cause: new WebAssembly.RuntimeError("unreachable") }),
    true,
  ],
  ["an exception of the runtime's that nobody caught", new WidgetError("session", {}, { cause: 5_242_880 }), true],
])) {
  test(`${what} ${spent ? "costs the worker" : "leaves the worker as it is"}`, async () => {
    const { post, posted } = worker({ fail: () => Promise.reject(thrown) });
    post({ id: 1, type: "fail" });
    await soon();
    assert.ok(posted[0].type === "failed");
    assert.equal(posted[0].spent, spent);
  });
}

test("once memory is half full, any failure costs the worker", async (context) => {
  const { Memory } = WebAssembly;
  context.after(() => Object.assign(WebAssembly, { Memory }));
  boundMemory();
  const { post, posted } = worker({ fail: () => Promise.reject(new WidgetError("failed")) });
  const memory = new WebAssembly.Memory({ initial: MOST_PAGES / 2, maximum: MOST_PAGES });
  post({ id: 1, type: "fail" });
  await soon();
  memory.grow(1);
  post({ id: 2, type: "fail" });
  await soon();
  assert.deepEqual(
    posted.map((reply) => reply.type === "failed" && reply.spent),
    [false, true],
  );
});
