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
