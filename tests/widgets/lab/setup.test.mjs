import assert from "node:assert/strict";
import { test } from "node:test";
import {
  firstSetup,
  patternOf,
  problem,
  readSetup,
  recipeOf,
  toToml,
  triggerOf,
  writeSetup,
} from "../../../site_assets/widgets/lab/setup.mjs";
import { CARD } from "./open-lab.mjs";

const BASE = firstSetup(CARD.recipe);
const NAMES = CARD.gallery.map((/** @type {{name: string}} */ { name }) => name);
const painted = BASE.painted.map((_, at) => at === 29 || at === 783 || (at > 400 && at < 420));

test("an address that says nothing gives the first setup, and the first setup says nothing", () => {
  assert.deepEqual(readSetup("?other=1", "lab", BASE, NAMES), BASE);
  assert.equal(writeSetup("?other=1&lab.rate=1", "lab", BASE, BASE), "?other=1");
});

test("every setup comes back from its address", () => {
  /** @type {Partial<typeof BASE>[]} */
  const changes = [
    { step: "catch", rate: 0.01, epochs: 3, seed: 12 },
    { trigger: "blend", target: null, rate: 1 },
    { trigger: "paint", painted, target: 3, trueLabels: true },
    { trigger: "paint", rate: 0 },
  ];
  for (const change of changes) {
    const setup = { ...BASE, ...change };
    assert.deepEqual(readSetup(writeSetup("", "lab", setup, BASE), "lab", BASE, NAMES), setup);
  }
});

test("what an address says wrongly is left as it was", () => {
  const wrong =
    "lab.step=9&lab.trigger=<b>&lab.target=12&lab.rate=0.07&lab.epochs=400&lab.seed=-1&lab.pixels=zz&lab.labels=yes";
  assert.deepEqual(readSetup(`?${wrong}`, "lab", BASE, NAMES), BASE);
  for (const pixels of ["z999.z999.", "f".repeat(197), ""]) {
    assert.deepEqual(readSetup(`?lab.pixels=${pixels}`, "lab", BASE, NAMES), BASE);
  }
});

test("a painted trigger is the smallest pattern, and the image shows through elsewhere", () => {
  const two = BASE.painted.map((_, at) => at === 28 * 3 + 5 || at === 28 * 4 + 6);
  assert.deepEqual(patternOf(two), {
    kind: "pattern",
    top: 3,
    left: 5,
    values: [
      [255, null],
      [null, 255],
    ],
  });
});

test("an empty trigger and one that covers everything are refused in words; others are not", () => {
  assert.match(problem({ ...BASE, trigger: "paint" }), /empty/);
  assert.match(problem({ ...BASE, trigger: "paint", painted: BASE.painted.map(() => true) }), /covers the whole/);
  assert.equal(problem({ ...BASE, trigger: "paint", painted }), "");
  assert.equal(problem(BASE), "");
  assert.equal(triggerOf({ ...BASE, trigger: "paint" }, CARD.gallery), null);
});

test("a recipe is the first one with the reader’s attack, and TOML has a table for each part", () => {
  const setup = { ...BASE, trigger: "paint", painted, target: 3, rate: 0.5, trueLabels: true, seed: 9 };
  const recipe = recipeOf(setup, CARD.recipe, CARD.gallery);
  assert.deepEqual(recipe.data, CARD.recipe.data);
  assert.deepEqual(recipe.attack.label_map, { kind: "all-to-one", target: 3 });
  const text = toToml(recipe);
  assert.match(text, /^seed = 9$/m);
  assert.match(
    text,
    /^\[attack\]\npoison_rate = 0.5\ntrigger = \{ kind = "pattern", top = 1, left = 1, values = \[\[255, -1, /m,
  );
  assert.match(text, /^clean_label = true$/m);
});

test("a target that the lab’s classes do not have is none", () => {
  assert.equal(readSetup("?lab.target=2", "lab", { ...BASE, target: 0 }, NAMES, 3).target, 2);
  assert.equal(readSetup("?lab.target=3", "lab", { ...BASE, target: 0 }, NAMES, 3).target, 0);
});
