import assert from "node:assert/strict";
import { test } from "node:test";
import { accusation, cured, suspicion } from "../../../site_assets/widgets/lab/verdicts.mjs";

const LABELS = ["zero", "one", "two", "three"];
/** @type {import("../../../site_assets/widgets/lab/verdicts.mjs").Case} */
const POISONED = { which: "backdoored", recipe: { attack: { poison_rate: 0.05 } } };

test("a repair is credited only where there was a backdoor that worked", () => {
  assert.match(cured(0.9, 0.02, POISONED), /gone/);
  assert.match(cured(0.9, 0.5, POISONED), /still there/);
  assert.match(cured(0.012, 0.01, POISONED), /did not work before/);
  assert.match(cured(0.9, 0.02, { ...POISONED, which: "clean" }), /no backdoor/);
  assert.match(cured(0.01, 0.01, { which: "backdoored", recipe: { attack: { poison_rate: 0 } } }), /no backdoor/);
});

test("an accusation is right about those that are guilty, and wrong about the others", () => {
  for (const [guilty, suspects, words] of /** @type {[number[], number[], RegExp][]} */ ([
    [[2], [2], /^Right: there is a backdoor/],
    [[2], [1, 2, 3], /^Right about two, wrong about one and three\.$/],
    [[2], [1], /^Wrong: there is a backdoor/],
    [[2], [], /^Wrong: there is a backdoor/],
    [[], [], /^Right: there is none/],
    [[], [1], /^Wrong: there is none/],
  ]))
    assert.match(accusation(guilty, suspects, LABELS), words);
});

test("what is suspected is named as one or as several", () => {
  const of = (/** @type {number[]} */ which) => suspicion(["class", "classes"], which, LABELS);
  assert.equal(of([2]), "It suspects class two");
  assert.equal(of([1, 2, 3]), "It suspects classes one, two and three");
});
