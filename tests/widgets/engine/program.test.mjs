import assert from "node:assert/strict";
import { test } from "node:test";
import { WidgetError } from "../../../site_assets/widgets/core/messages.mjs";
import { Client } from "../../../site_assets/widgets/engine/client.mjs";
import { CheckedWorker } from "../../../site_assets/widgets/engine/program.mjs";
import { settled, workers } from "./fakes.mjs";

/** @type {any} */
const REQUEST = { models: [] };

function checked() {
  const all = workers();
  /** @type {{pass: () => void, fail: (error: unknown) => void}} */
  const check = /** @type {any} */ ({});
  const result = new Promise((resolve, reject) => Object.assign(check, { pass: resolve, fail: reject }));
  return { all, check, client: new Client(() => new CheckedWorker(all.start(), result)) };
}

test("nothing is asked of a worker before its modules are checked", async () => {
  const { all, check, client } = checked();
  const answer = client.ask("run", REQUEST);
  await settled();
  assert.deepEqual(all.newest.asked, []);
  check.pass();
  await settled();
  all.newest.done("run", "answer");
  assert.equal(await answer, "answer");
});

test("a worker whose modules are not what was published is ended, and the reason told", async () => {
  const { all, check, client } = checked();
  const answer = client.ask("run", REQUEST);
  check.fail(new WidgetError("hash", { what: "the page’s program" }));
  await assert.rejects(answer, { code: "hash" });
  assert.deepEqual([all.newest.terminated, all.newest.asked], [true, []]);
});

test("a worker that dies while it is checked has crashed", async () => {
  const { all, client } = checked();
  const answer = client.ask("run", REQUEST);
  all.newest.die();
  await assert.rejects(answer, { code: "crashed" });
});
