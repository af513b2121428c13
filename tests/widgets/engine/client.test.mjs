import assert from "node:assert/strict";
import { test } from "node:test";
import { Client, PATIENCE_S } from "../../../site_assets/widgets/engine/client.mjs";
import { seconds, workers } from "./fakes.mjs";

/** @type {any} */
const REQUEST = { models: [] };

function started() {
  const all = workers();
  return { all, client: new Client(all.start) };
}

test("requests share one worker, and each gets its own reply", async () => {
  const { all, client } = started();
  const first = client.ask("open", REQUEST);
  const second = client.ask("run", REQUEST);
  all.newest.done("run", "second");
  all.newest.done("open", "first");
  assert.deepEqual([await first, await second], ["first", "second"]);
  assert.equal(all.started.length, 1);
});

test("progress goes to whoever asked", async () => {
  const { all, client } = started();
  /** @type {unknown[]} */
  const seen = [];
  const opened = client.ask("open", REQUEST, { onProgress: (progress) => seen.push(progress) });
  all.newest.reply(all.newest.newest("open"), { type: "progress", progress: 1 });
  client.ask("run", REQUEST).catch(() => {});
  all.newest.reply(all.newest.newest("run"), { type: "progress", progress: 2 });
  all.newest.done("open");
  await opened;
  assert.deepEqual(seen, [1]);
});

test("a failure keeps its code and its details", async () => {
  const { all, client } = started();
  const run = client.ask("run", REQUEST);
  const error = { code: "huge", details: { found: "9 × 9" }, message: "" };
  all.newest.reply(all.newest.newest("run"), { type: "failed", error });
  await assert.rejects(run, { code: "huge", details: { found: "9 × 9" } });
});

test("when the worker dies every waiting request fails, and the next one starts another worker", async () => {
  const { all, client } = started();
  const both = [client.ask("open", REQUEST), client.ask("run", REQUEST)];
  all.newest.die();
  for (const each of both) await assert.rejects(each, { code: "crashed" });
  assert.equal(all.started[0].terminated, true);
  assert.equal(client.generation, 1);
  const again = client.ask("run", REQUEST);
  assert.equal(all.started.length, 2);
  all.started[0].die(); // Late news of the first one.
  all.newest.done("run", "answer");
  assert.equal(await again, "answer");
  assert.equal(client.generation, 1);
});

test("after a restart whoever waits is superseded, and the next request starts another worker", async () => {
  const { all, client } = started();
  const waiting = client.ask("open", REQUEST);
  client.restart();
  await assert.rejects(waiting, { code: "superseded" });
  assert.equal(all.started[0].terminated, true);
  client.ask("run", REQUEST).catch(() => {});
  assert.deepEqual([all.started.length, client.generation], [2, 1]);
});

test("a worker that cannot be fetched offline says so", async (context) => {
  const original = Object.getOwnPropertyDescriptor(globalThis, "navigator");
  Object.defineProperty(globalThis, "navigator", { value: { onLine: false }, configurable: true });
  context.after(() => {
    if (original) Object.defineProperty(globalThis, "navigator", original);
    else Reflect.deleteProperty(globalThis, "navigator");
  });
  const { all, client } = started();
  const run = client.ask("run", REQUEST);
  all.newest.die();
  await assert.rejects(run, { code: "offline" });
});

test("cancelling rejects at once, notifies the worker, and late replies change nothing", async () => {
  const { all, client } = started();
  const controller = new AbortController();
  const onProgress = () => assert.fail("of a request that was cancelled");
  const opened = client.ask("open", REQUEST, { signal: controller.signal, onProgress });
  const { id } = all.newest.newest("open");
  controller.abort();
  await assert.rejects(opened, { code: "cancelled" });
  assert.deepEqual(all.newest.newest("cancel"), { id, type: "cancel" });
  all.newest.reply({ id, type: "open" }, { type: "progress", progress: 1 });
  all.newest.reply({ id, type: "open" }, { type: "done" });
});

test("a request that is cancelled before it is asked never reaches a worker", async () => {
  const { all, client } = started();
  await assert.rejects(client.ask("run", REQUEST, { signal: AbortSignal.abort() }), { code: "cancelled" });
  assert.equal(all.started.length, 0);
});

test("a signal that outlives its request cancels nothing later", async () => {
  const { all, client } = started();
  const controller = new AbortController();
  const opened = client.ask("open", REQUEST, { signal: controller.signal });
  all.newest.done("open");
  await opened;
  controller.abort();
  assert.equal(all.newest.asked.length, 1);
});

test("a computation that does not end is ended with its worker, and takes no other's blame", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const { all, client } = started();
  const [other, endless] = [client.ask("open", REQUEST), client.ask("run", REQUEST)];
  all.newest.reply(all.newest.newest("open"), { type: "computing" });
  all.newest.reply(all.newest.newest("open"), { type: "computed" });
  all.newest.reply(all.newest.newest("run"), { type: "computing" });
  const failed = [assert.rejects(other, { code: "interrupted" }), assert.rejects(endless, { code: "endless" })];
  seconds(context, PATIENCE_S);
  await Promise.all(failed);
  assert.equal(all.started[0].terminated, true);
  client.ask("run", REQUEST).catch(() => {});
  seconds(context, PATIENCE_S);
  assert.deepEqual([all.started.length, all.started[1].terminated], [2, false]);
});

test("a download may take as long as it likes: only what computes is watched", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const { all, client } = started();
  const opened = client.ask("open", REQUEST);
  seconds(context, 10 * PATIENCE_S);
  all.newest.done("open", "open");
  assert.equal(await opened, "open");
});

test("a failure that costs the worker is its own request's, and the others are interrupted", async () => {
  const { all, client } = started();
  const [other, greedy] = [client.ask("open", REQUEST), client.ask("run", REQUEST)];
  const error = { code: "failed", details: {}, message: "" };
  const failed = [assert.rejects(other, { code: "interrupted" }), assert.rejects(greedy, { code: "failed" })];
  all.newest.reply(all.newest.newest("run"), { type: "failed", error, spent: true });
  await Promise.all(failed);
  assert.equal(all.started[0].terminated, true);
});
