import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import {
  describeTrigger,
  formatBytes,
  maxPixels,
  modelFile,
  parseCard,
  totalBytes,
  triggerArea,
} from "../../site_assets/widgets/core/card.mjs";
import { findModels } from "../browser/harness/server.mjs";

const [folder] = findModels().values();
const text = folder && readFileSync(join(folder, "card.json"), "utf8");
const noCard = folder ? false : "no exported model: run `make lab`";

test("a card that Python wrote is read", { skip: noCard }, () => {
  const card = parseCard(text, "card.json");
  assert.ok(card.labels.length >= 2);
  assert.ok(maxPixels(card) > 0);
  assert.equal(modelFile(card, null).precision, card.default_precision);
  for (const file of card.files) assert.equal(modelFile(card, file.precision), file);
  assert.equal(modelFile(card, "no-such").precision, card.default_precision);
});

for (const [fault, change] of /** @type {[RegExp, (card: any) => void][]} */ ([
  [/schema version 9/, (card) => Object.assign(card, { schema_version: 9 })],
  [/lacks the field labels/, (card) => delete card.labels],
  [/no fp99 file/, (card) => Object.assign(card, { default_precision: "fp99" })],
])) {
  test(`a card is refused with its fault: ${fault.source}`, { skip: noCard }, () => {
    const card = JSON.parse(text);
    change(card);
    assert.throws(() => parseCard(JSON.stringify(card), "card.json"), { code: "card", message: fault });
  });
}

test("a card that is no JSON is refused", () => {
  assert.throws(() => parseCard("<html>", "card.json"), { code: "card" });
});

test("what networks share is counted once", () => {
  /** @param {string} name @returns {import("../../site_assets/widgets/core/card.mjs").ModelFile} */
  const student = (name) => ({
    name,
    precision: "fp32",
    bytes: 10,
    sha256: name,
    shared: { name: "features", bytes: 100, sha256: "features" },
  });
  assert.equal(totalBytes([student("a")]), 110);
  assert.equal(totalBytes([student("a"), student("b"), { ...student("c"), shared: null }]), 130);
});

test("triggers are described by size and place", () => {
  const room = { height: 28, width: 28 };
  /** @type {import("../../site_assets/widgets/triggers/registry.mjs").Trigger} */
  const patch = { kind: "patch", top: 25, left: 25, height: 2, width: 2, value: 255 };
  assert.equal(describeTrigger(patch, room), "4 pixels in the bottom right corner");
  assert.equal(describeTrigger({ kind: "pixel", top: 13, left: 13, value: 255 }, room), "1 pixel in the middle");
  const pattern = { kind: /** @type {const} */ ("pattern"), top: 0, left: 12, values: [[255, null, 255]] };
  assert.equal(describeTrigger(pattern, room), "2 pixels in the top");
  assert.deepEqual(triggerArea(pattern), { top: 0, left: 12, height: 1, width: 3, pixels: 2 });
});

test("sizes are written as people read them", () => {
  assert.deepEqual([12, 1500, 999_499, 14_239_897].map(formatBytes), ["12 B", "2 kB", "999 kB", "14.2 MB"]);
});

test("an overlay is described by what its artwork is called", () => {
  const range = /** @type {[number, number]} */ ([0, 1]);
  const trigger = /** @type {const} */ ({
    kind: "overlay",
    artwork: { name: "orange-glasses", height: 1, width: 1, sha256: "", rgba: "" },
    placement: { x: 0, y: 0, size: 1, angle: 0 },
    placements: { x: range, y: range, size: range, angle: range },
  });
  assert.equal(describeTrigger(trigger, { height: 224, width: 224 }), "Orange glasses: drag to move, resize or turn");
});
