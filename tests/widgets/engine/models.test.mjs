/** Which networks a widget asks its worker for, and on what. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT, WEBGPU } from "../../../site_assets/widgets/core/backend.mjs";
import { hurry } from "../../../site_assets/widgets/engine/early.mjs";
import { settled, TRIGGER } from "./fakes.mjs";
import { errorOf, IMAGE, insideWidget, opens, page, widget } from "./widget.mjs";

test("the first network answers while the second is under way", async (context) => {
  const { all, client } = page(context);
  const { loader, models, events } = widget(client, "clean", "backdoored");
  const arrived = loader.arrive();
  await settled();
  const asked = all.newest.newest("open");
  const opened = [models.keyOf(0)];
  for (const loaded of [1, 2]) {
    const progress = { phase: "start", loaded, total: 2, cached: false, opened };
    all.newest.reply(asked, { type: "progress", progress });
  }
  assert.deepEqual(events, ["loading", "cards", "answer"]);
  assert.equal(models.ready, false);
  const answer = loader.answer(IMAGE, false);
  await settled();
  assert.deepEqual(all.newest.newest("run").request.models, opened);
  assert.deepEqual(all.newest.newest("run").request.trigger, TRIGGER, "the other network's");
  all.newest.done("run", { answers: ["first"] });
  assert.deepEqual((await answer)?.shown, [0]);
  all.newest.done("open");
  await arrived;
  assert.deepEqual(events, ["loading", "cards", "answer", "ready", "answer"]);
  assert.deepEqual(models.answering, [0, 1]);
});

test("two cards that name the same file are two networks, of one download", async (context) => {
  const { all, client } = page(context);
  const { loader, models } = widget(client, "clean", "clean-copy");
  const arrived = loader.arrive();
  await opens(all, arrived);
  const { request } = all.newest.newest("open");
  assert.equal(models.fileOf(0).sha256, models.fileOf(1).sha256);
  assert.equal(models.bytes, models.fileOf(0).bytes);
  const keys = request.models.map((/** @type {any} */ { key }) => key);
  assert.equal(new Set(keys).size, 2);
  loader.answer(IMAGE, false);
  await settled();
  assert.deepEqual(all.newest.newest("run").request.models, keys);
});

test("the worker starts at once, and is handed the machine code that the page asked for early", async (context) => {
  const { server, all, client } = page(context);
  const { loader, models } = widget(client, "clean");
  await models.loadCards();
  server.held = [];
  hurry();
  const arrived = loader.arrive();
  await settled();
  assert.deepEqual([all.started.length, all.newest.asked.length], [1, 0]);
  const { held } = server;
  server.held = null;
  for (const release of held) release();
  await settled();
  const { arriving } = all.newest.newest("open").request.runtime;
  assert.ok(arriving instanceof ReadableStream);
  assert.deepEqual(all.newest.transferred, [arriving]);
  await opens(all, arrived);
});

for (const [what, code, after] of /** @type {const} */ ([
  ["an error of the backend", "session", DEFAULT],
  ["a reader who cancels", "cancelled", WEBGPU],
])) {
  test(`${what} while the networks open leaves ${after.runtime} chosen`, async (context) => {
    const { all, client } = page(context);
    const { loader, backends } = widget(client, "clean");
    await backends.choose(WEBGPU);
    const arrived = loader.arrive();
    await settled();
    assert.deepEqual(all.newest.newest("open").request.runtime.backend, WEBGPU);
    all.newest.reply(all.newest.newest("open"), { type: "failed", error: { code, details: {}, message: "" } });
    await arrived;
    assert.deepEqual([errorOf(loader), backends.chosen], [code, after]);
  });
}

test("an error of the chosen backend at an answer is no problem of the image's: the default answers it", async (context) => {
  const { all, client } = page(context);
  const { loader, backends } = widget(client, "clean");
  await backends.choose(WEBGPU);
  await opens(all, loader.arrive());
  const answer = loader.answer(IMAGE, false);
  await settled();
  const error = { code: "internal", details: {}, message: "" };
  all.newest.reply(all.newest.newest("run"), { type: "failed", error });
  assert.equal(await answer, null);
  assert.deepEqual(backends.chosen, DEFAULT);
});

test("a network whose inside is shown brings its appendix, and keeps the precision that this belongs to", async (context) => {
  const { all, client } = page(context);
  const appendix = { name: "inside.bin", bytes: 3, sha256: "f".repeat(64) };
  const inside = /** @type {any} */ ({ view: "plane", point: "point", appendix });
  const { loader, models } = insideWidget(client, [inside], "clean");
  const plain = widget(client, "clean").models;
  await opens(all, loader.arrive());
  const { request } = all.newest.newest("open");
  assert.equal(request.models[0].file.inside.appendix.name, "https://example.org/inside.bin");
  await plain.loadCards();
  assert.notEqual(models.keyOf(0), plain.keyOf(0), "in the worker it is a network of its own");
  assert.equal(models.bytes, plain.bytes + appendix.bytes);
  models.precision = "no other is taken";
  assert.equal(models.fileOf(0).precision, plain.fileOf(0).precision);
  loader.answer(IMAGE, false, null, [5]);
  await settled();
  assert.deepEqual(all.newest.newest("run").request.silenced, [5]);
});
