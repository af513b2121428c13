/** Workers that die, or never end: a loader, its models and the client together bring the networks back. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { PATIENCE_S } from "../../../site_assets/widgets/engine/client.mjs";
import { seconds, settled } from "./fakes.mjs";
import { errorOf, IMAGE, opens, openWidget, page, RESULT, widget } from "./widget.mjs";

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

test("a load that another widget's network interrupts continues in the next worker", async (context) => {
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
