import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT, WEBGPU } from "../../../site_assets/widgets/core/backend.mjs";
import { Backends } from "../../../site_assets/widgets/engine/backends.mjs";
import { Client, PATIENCE_S } from "../../../site_assets/widgets/engine/client.mjs";
import { hurry } from "../../../site_assets/widgets/engine/early.mjs";
import { Loader } from "../../../site_assets/widgets/engine/loader.mjs";
import { Models } from "../../../site_assets/widgets/engine/models.mjs";
import { fakeBrowser, reference, seconds, serveCards, settled, TRIGGER, workers } from "./fakes.mjs";

/** @type {import("../../../site_assets/widgets/worker/images.mjs").ImageSource} */
const IMAGE = { kind: "pixels", image: { height: 1, width: 1, channels: 3, data: new Uint8Array(3) } };
/** @type {any} */
const RESULT = { answers: [] };

/**
 * A widget as the loader sees it.
 *
 * @param {Client} client
 * @param {...string} ids of its networks
 */
function widget(client, ...ids) {
  const references = ids.map(reference);
  const backends = new Backends(fakeBrowser());
  const models = new Models(references, client, "https://example.org/", backends);
  /** @type {string[]} */
  const events = [];
  let last = "";
  const loader = new Loader(models, {
    onState: ({ name }) => {
      if (name !== last) events.push(name); // Progress comes many times.
      last = name;
    },
    onCards: () => events.push("cards"),
    onReady: () => events.push("answer"),
  });
  return { models, loader, events, backends };
}

/** @param {import("node:test").TestContext} context */
function page(context) {
  const server = serveCards(context);
  const all = workers();
  return { server, all, client: new Client(all.start) };
}

/** @param {Loader} loader */
const errorOf = ({ state }) => (state.name === "failed" ? /** @type {any} */ (state.error).code : null);

/**
 * The worker opens the networks that a load asks for.
 *
 * @param {{newest: import("./fakes.mjs").FakeWorker}} all
 * @param {Promise<unknown>} [load] in progress
 */
async function opens(all, load) {
  await settled();
  all.newest.done("open");
  await load;
  await settled();
}

/** A widget whose network is open. @param {import("node:test").TestContext} context */
async function openWidget(context) {
  const { all, client } = page(context);
  const shown = widget(client, "clean");
  await opens(all, shown.loader.arrive());
  return { all, ...shown };
}

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

test("when the worker dies while idle, the next image opens the networks again", async (context) => {
  const { all, loader, events } = await openWidget(context);
  all.newest.die();
  assert.equal(await loader.answer(IMAGE, false), null);
  await settled();
  assert.equal(all.started.length, 2);
  all.newest.done("open");
  await settled();
  assert.deepEqual(events.slice(-3), ["loading", "ready", "answer"]);
});

test("when the worker dies while it answers, the networks are opened again without being asked", async (context) => {
  const { all, loader, events } = await openWidget(context);
  const first = loader.answer(IMAGE, false);
  const waiting = loader.answer(IMAGE, true);
  await settled();
  all.newest.die();
  assert.deepEqual(await Promise.all([first, waiting]), [null, null]);
  await opens(all);
  assert.deepEqual(events.slice(-3), ["loading", "ready", "answer"]);
});

test("when the worker dies twice in a row the load fails; an answer in between starts the count again", async (context) => {
  const { all, loader } = await openWidget(context);
  /** Ask, and let the worker die. */
  const dies = async () => {
    const answer = loader.answer(IMAGE, false);
    await settled();
    all.newest.die();
    await answer;
    await settled();
  };
  await dies();
  await opens(all);
  const answer = loader.answer(IMAGE, false);
  await settled();
  all.newest.done("run", RESULT);
  assert.equal(await answer, RESULT);
  await dies();
  await opens(all);
  assert.equal(loader.state.name, "ready");
  await dies();
  assert.equal(errorOf(loader), "crashed");
  const started = all.started.length;
  await settled();
  assert.equal(all.started.length, started);
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

test("two widgets share a worker: one cancels, the other continues; it dies, and both come back", async (context) => {
  const { all, client } = page(context);
  const [one, two] = [widget(client, "clean"), widget(client, "backdoored")];
  const loads = [one.loader.arrive(), two.loader.arrive()];
  await settled();
  assert.equal(all.started.length, 1);
  const [first, second] = all.newest.asked.filter(({ type }) => type === "open");
  one.loader.cancel();
  assert.equal(all.newest.newest("cancel").id, first.id);
  all.newest.reply(second, { type: "done" });
  await Promise.all(loads);
  assert.deepEqual([errorOf(one.loader), two.loader.state.name], ["cancelled", "ready"]);
  await opens(all, one.loader.load());
  const answers = [one.loader.answer(IMAGE, false), two.loader.answer(IMAGE, false)];
  await settled();
  all.newest.die();
  assert.deepEqual(await Promise.all(answers), [null, null]);
  await settled();
  assert.equal(all.started.length, 2);
  for (const open of all.newest.asked) all.newest.reply(open, { type: "done" });
  await settled();
  assert.deepEqual([one.loader.state.name, two.loader.state.name], ["ready", "ready"]);
});

test("a widget whose network does not end says so, and the others answer again without being asked", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const { all, client } = page(context);
  const endless = widget(client, "clean");
  const other = widget(client, "backdoored");
  for (const { loader } of [endless, other]) await opens(all, loader.arrive());
  const answers = [endless.loader.answer(IMAGE, false), other.loader.answer(IMAGE, false), other.models.look(IMAGE)];
  await settled();
  const [asked] = all.newest.asked.filter(({ type }) => type === "run");
  all.newest.reply(asked, { type: "computing" });
  seconds(context, PATIENCE_S);
  await settled();
  assert.equal(errorOf(endless.loader), "endless");
  assert.equal(all.started.length, 2);
  assert.deepEqual(all.newest.newest("open").request.models[0].card.id, "backdoored");
  all.newest.done("look", "seen");
  await opens(all);
  assert.deepEqual([other.loader.state.name, other.events.at(-1)], ["ready", "answer"]);
  assert.deepEqual(await Promise.all(answers), [null, null, "seen"]);
  await opens(all, endless.loader.load());
  assert.equal(endless.loader.state.name, "ready", "trying again is offered");
});

test("a load that another widget's network interrupts goes on in the next worker", async (context) => {
  const { all, client } = page(context);
  const [greedy, other] = [widget(client, "clean"), widget(client, "backdoored")];
  const loads = [greedy.loader.arrive(), other.loader.arrive()];
  await settled();
  const error = { code: "session", details: {}, message: "" };
  const [asked] = all.newest.asked.filter(({ type }) => type === "open");
  all.newest.reply(asked, { type: "failed", error, spent: true });
  await settled();
  assert.deepEqual([errorOf(greedy.loader), other.loader.state.name, all.started.length], ["session", "loading", 2]);
  await opens(all, Promise.all(loads));
  assert.equal(other.loader.state.name, "ready");
});
