import assert from "node:assert/strict";
import { test } from "node:test";
import { settled } from "./fakes.mjs";
import { errorOf, IMAGE, opens, openWidget, page, RESULT, widget } from "./widget.mjs";

test("from arriving to the first answer", async (context) => {
  const { all, client } = page(context);
  const { loader, models, events } = widget(client, "clean", "backdoored");
  const arrived = loader.arrive();
  await settled();
  const { request } = all.newest.newest("open");
  assert.deepEqual(
    request.models.map((/** @type {any} */ { url }) => url),
    ["https://example.org/clean/clean.onnx", "https://example.org/backdoored/backdoored.onnx"],
  );
  /** @type {any} */
  const progress = { phase: "download", loaded: 1, total: 2, cached: false, opened: [] };
  all.newest.reply(all.newest.newest("open"), { type: "progress", progress });
  assert.deepEqual(loader.state, { name: "loading", progress });
  all.newest.done("open");
  await arrived;
  assert.deepEqual(events, ["loading", "cards", "ready", "answer"]);
  assert.equal(models.ready, true);
  const answer = loader.answer(IMAGE, true);
  await settled();
  assert.deepEqual(all.newest.newest("run").request.variants, [false, true]);
  all.newest.done("run", RESULT);
  assert.equal(await answer, RESULT);
});

test("with Save-Data only the cards are fetched until the reader asks", async (context) => {
  const { all, client } = page(context);
  const { loader, events } = widget(client, "clean");
  await loader.arrive({ saveData: true });
  assert.deepEqual(loader.state, { name: "offered", bytes: 1000 });
  assert.equal(all.started.length, 0);
  await opens(all, loader.load());
  assert.deepEqual(events, ["cards", "offered", "loading", "ready", "answer"]);
});

test("nothing is answered before the networks are open", async (context) => {
  const { all, client } = page(context);
  const { loader } = widget(client, "clean");
  assert.equal(await loader.answer(IMAGE, false), null);
  assert.equal(all.started.length, 0);
  assert.equal(loader.state.name, "idle");
});

test("a card that is missing fails the load, and trying again fetches it again", async (context) => {
  const { server, all, client } = page(context);
  const { loader, events } = widget(client, "clean");
  server.fail = true;
  await loader.arrive();
  assert.equal(errorOf(loader), "missing");
  server.fail = false;
  await opens(all, loader.load());
  assert.deepEqual(events, ["loading", "failed", "loading", "cards", "ready", "answer"]);
});

test("a network that cannot be opened fails the load, and trying again asks the worker again", async (context) => {
  const { all, client } = page(context);
  const { loader } = widget(client, "clean");
  const arrived = loader.arrive();
  await settled();
  const error = { code: "hash", details: {}, message: "" };
  all.newest.reply(all.newest.newest("open"), { type: "failed", error });
  await arrived;
  assert.equal(errorOf(loader), "hash");
  await opens(all, loader.load());
  assert.equal(loader.state.name, "ready");
});

test("a stalled download can be cancelled and started again", async (context) => {
  const { all, client } = page(context);
  const { loader } = widget(client, "clean");
  const arrived = loader.arrive();
  await settled();
  loader.cancel();
  await arrived;
  assert.equal(errorOf(loader), "cancelled");
  assert.equal(all.newest.newest("cancel").id, all.newest.newest("open").id);
  await opens(all, loader.load());
  assert.equal(loader.state.name, "ready");
});

test("a stalled card can be cancelled, and is fetched anew", async (context) => {
  const { server, all, client } = page(context);
  const { loader } = widget(client, "clean");
  server.held = [];
  const arrived = loader.arrive();
  await settled();
  loader.cancel();
  await arrived;
  assert.equal(errorOf(loader), "cancelled");
  server.held = null;
  await opens(all, loader.load());
  assert.deepEqual([loader.state.name, server.fetched], ["ready", 2]);
});

test("another load replaces the one in progress, whose end changes nothing", async (context) => {
  const { all, client } = page(context);
  const { loader, models, events } = widget(client, "clean");
  const first = loader.arrive();
  await settled();
  models.precision = "int8-weight-only";
  loader.reload();
  await first;
  await settled();
  assert.equal(loader.state.name, "loading");
  assert.equal(all.newest.newest("open").request.models[0].file.precision, "int8-weight-only");
  all.newest.done("open");
  await settled();
  assert.deepEqual(events, ["loading", "cards", "ready", "answer"]);
});

test("another load while the cards are on their way is not cancelled with the first", async (context) => {
  const { server, all, client } = page(context);
  const { loader } = widget(client, "clean");
  server.held = [];
  const first = loader.arrive();
  await settled();
  const second = loader.load();
  await settled();
  for (const release of server.held) release();
  await opens(all, Promise.all([first, second]));
  assert.equal(loader.state.name, "ready");
});

test("open networks are not loaded again when the reader returns to them", async (context) => {
  const { all, loader } = await openWidget(context);
  const before = all.newest.asked.length;
  loader.reload();
  await settled();
  assert.equal(all.newest.asked.length, before);
});

test("an element that leaves stops loading silently, and loads when it comes back", async (context) => {
  const { all, client } = page(context);
  const { loader, events } = widget(client, "clean");
  const arrived = loader.arrive();
  await settled();
  loader.leave();
  await arrived;
  assert.deepEqual(events, ["loading", "cards"]);
  await opens(all, loader.arrive());
  assert.equal(loader.state.name, "ready");
});

test("an image still waiting when the element leaves is never sent", async (context) => {
  const { all, loader } = await openWidget(context);
  const first = loader.answer(IMAGE, false);
  const waiting = loader.answer(IMAGE, true);
  await settled();
  loader.leave();
  assert.equal(await waiting, null);
  all.newest.done("run", RESULT);
  await first;
  await settled();
  assert.equal(all.newest.asked.filter(({ type }) => type === "run").length, 1);
});

test("a problem with an image is thrown, for the caller to show", async (context) => {
  const { all, loader } = await openWidget(context);
  const answer = loader.answer(IMAGE, false);
  await settled();
  const error = { code: "undecodable", details: {}, message: "" };
  all.newest.reply(all.newest.newest("run"), { type: "failed", error });
  await assert.rejects(answer, { code: "undecodable" });
  assert.equal(loader.state.name, "ready");
});
