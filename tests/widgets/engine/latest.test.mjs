import assert from "node:assert/strict";
import { test } from "node:test";
import { Latest } from "../../../site_assets/widgets/engine/latest.mjs";

/** A runner whose requests end on command. */
function controlled() {
  /** @type {{request: number, end: (result: string) => void, fail: (error: Error) => void}[]} */
  const started = [];
  const latest = new Latest(
    (/** @type {number} */ request) =>
      new Promise((/** @type {(result: string) => void} */ end, fail) => started.push({ request, end, fail })),
  );
  return { started, latest };
}

test("of several requests that wait only the newest runs", async () => {
  const { started, latest } = controlled();
  const first = latest.submit(1);
  const second = latest.submit(2);
  const third = latest.submit(3);
  await assert.rejects(second, { code: "superseded" });
  assert.deepEqual(
    started.map(({ request }) => request),
    [1],
  );
  started[0].end("one");
  assert.equal(await first, "one");
  await new Promise(setImmediate);
  assert.equal(started[1].request, 3);
  started[1].end("three");
  assert.equal(await third, "three");
});

test("a failure does not stop what comes after it", async () => {
  const { started, latest } = controlled();
  const first = latest.submit(1);
  const second = latest.submit(2);
  started[0].fail(new Error("broken"));
  await assert.rejects(first, /broken/);
  await new Promise(setImmediate);
  started[1].end("two");
  assert.equal(await second, "two");
});

test("a dropped request is rejected and never runs", async () => {
  const { started, latest } = controlled();
  const first = latest.submit(1);
  const second = latest.submit(2);
  latest.drop();
  await assert.rejects(second, { code: "superseded" });
  started[0].end("one");
  await first;
  await new Promise(setImmediate);
  assert.equal(started.length, 1);
});
