import assert from "node:assert/strict";
import { test } from "node:test";
import { Lab } from "../../../site_assets/widgets/engine/lab.mjs";
import { publishRuntime, workers } from "./fakes.mjs";

test("a page’s own lab is opened in the next worker as well", () => {
  publishRuntime();
  const all = workers();
  const lab = new Lab(all.start);
  lab.own = { url: "https://site.example/lab/mine.json", bytes: 3, sha256: "0".repeat(64) };
  lab.open().catch(() => {});
  const first = all.newest;
  lab.leave();
  lab.open().catch(() => {});
  assert.ok(first.terminated && all.newest !== first);
  assert.deepEqual(all.newest.newest("open").request.card, lab.own);
});

test("a worker’s death is reported, its end by the page is not, nor is what fails in it", async () => {
  const all = workers();
  const lab = new Lab(all.start);
  let lost = 0;
  lab.onLost = () => lost++;
  const cancel = new AbortController();
  const ended = lab.ask("prune", { which: "clean" }, { signal: cancel.signal });
  const left = lab.ask("prune", { which: "clean" });
  cancel.abort();
  lab.leave();
  await assert.rejects(ended, { code: "cancelled" });
  await assert.rejects(left, { code: "superseded" });
  const failed = lab.ask("prune", { which: "clean" });
  all.newest.reply(all.newest.newest("prune"), { type: "failed", error: { code: "internal", details: {} } });
  await assert.rejects(failed, { code: "internal" });
  assert.equal(lost, 0);
  const died = lab.ask("prune", { which: "clean" });
  all.newest.die();
  await assert.rejects(died, { code: "crashed" });
  assert.equal(lost, 1);
  lab.ask("prune", { which: "clean" }).catch(() => {});
  all.newest.done("prune", []);
  all.newest.die();
  assert.equal(lost, 2, "although nothing was asked of it");
});
