import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { cardSchema } from "../../../export/card/card-schema.mjs";
import {
  background,
  formatBytes,
  inputKind,
  maxPixels,
  modelFile,
  namesProblem,
  parseCard,
  totalBytes,
  triggerOwner,
} from "../../../site_assets/widgets/core/card.mjs";
import { CARD } from "../../../site_assets/widgets/core/card-schema.mjs";
import { findModels, ROOT } from "../../browser/harness/server.mjs";

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

for (const [index, [fault, change]] of /** @type {[RegExp, (card: any) => void][]} */ ([
  [/schema version 9/, (card) => Object.assign(card, { schema_version: 9 })],
  [/lacks the field labels/, (card) => delete card.labels],
  [/files\.0: it lacks the field sha256/, (card) => delete card.files[0].sha256],
  [
    /shared: it lacks the field sha256/,
    (card) => Object.assign(card.files[0], { shared: { name: "a.bin", bytes: 1 } }),
  ],
  [/bytes: 0 is less than 1/, (card) => Object.assign(card.files[0], { bytes: 0 })],
  [/files\.0\.name: .* does not match/, (card) => Object.assign(card.files[0], { name: "https://example.org/a.onnx" })],
  [
    /shared\.name: .* does not match/,
    (card) => Object.assign(card.files[0], { shared: { name: "evil.html", bytes: 1, sha256: "0".repeat(64) } }),
  ],
  [/steps: it has 33 parts/, (card) => Object.assign(card.input, { steps: Array(33).fill({ op: "invert" }) })],
  [/invert.* is used more than 4 times/, (card) => card.input.steps.push(...Array(5).fill({ op: "invert" }))],
  [
    /steps\.0\.height: 5000 is more than 4096/,
    (card) => card.input.steps.unshift({ op: "resize", height: 5000, width: 1 }),
  ],
  [
    /steps\.0: 4096 × 4096 is more than 4194304 pixels/,
    (card) => card.input.steps.unshift({ op: "resize", height: 4096, width: 4096 }),
  ],
  [/input: 4096 × 4096 is more/, (card) => Object.assign(card.input, { height: 4096, width: 4096 })],
  [/input\.height: .*28.* is not of the type integer/, (card) => Object.assign(card.input, { height: "28" })],
  [/input\.steps: the last step is 'layout'/, (card) => card.input.steps.pop()],
  [/steps\.0: .*spin.* is no known op/, (card) => card.input.steps.unshift({ op: "spin" })],
  [/divide: null is not of the type number/, (card) => card.input.steps.unshift({ op: "scale", divide: null })],
  [/max_pixels: 100000001 is more/, (card) => card.input.steps.unshift({ op: "decode", max_pixels: 100_000_001 })],
  [
    /trigger\.height: 30000 is more/,
    (card) => Object.assign(card, { trigger: { kind: "patch", top: 0, left: 0, height: 30_000, width: 1 } }),
  ],
  [/labels: it has 1 parts/, (card) => Object.assign(card, { labels: ["one"] })],
  [/unknown field .*extra/, (card) => Object.assign(card, { extra: 1 })],
  [/unknown field .*toString/, (card) => Object.assign(card, { toString: 1 })],
  [/files: 'aux' is the name of a device/, (card) => Object.assign(card, { id: "aux" })],
  [
    /begin with BACKDOORED-: mnist/,
    (card) => {
      card.backdoor ??= { attack: "a", paper: "p", poison_rate: null, behaviour: "b", caught_by: "c" };
      card.files[0].name = "mnist.onnx";
    },
  ],
  [/two files have the same precision/, (card) => card.files.push(card.files[0])],
  [/no int8-qdq file/, (card) => Object.assign(card, { default_precision: "int8-qdq" })],
]).entries()) {
  test(`a card is refused with its fault, ${index}: ${fault.source}`, { skip: noCard }, () => {
    const card = JSON.parse(text);
    change(card);
    assert.throws(() => parseCard(JSON.stringify(card), "card.json"), { code: "card", message: fault });
  });
}

test("names of files are judged as in Python", () => {
  const cases = JSON.parse(readFileSync(join(ROOT, "tests/export/card/names.json"), "utf8"));
  for (const { names, problem } of cases) assert.equal(namesProblem(names), problem, names.join());
});

test("what a label or a title must not do to the page is written as an escape", { skip: noCard }, () => {
  const card = JSON.parse(text);
  card.labels[0] = "\u202egnp.exe";
  const { labels, title } = parseCard(JSON.stringify({ ...card, title: "a\nb" }), "card.json");
  assert.deepEqual([labels[0], labels[1], title], ["\\u202egnp.exe", card.labels[1], "a\\nb"]);
});

test("every released card keeps to the schema", () => {
  for (const place of findModels().values()) parseCard(readFileSync(join(place, "card.json"), "utf8"), place);
});

test("the committed schema is the published one", () => {
  const committed = readFileSync(join(ROOT, "site_assets/widgets/core/card-schema.mjs"), "utf8");
  assert.equal(committed, cardSchema(), "generate it again: npm run schema");
});

test("every whole number of the schema is bounded: beyond 2^53 browsers and Python read different ones", () => {
  const unbounded = /** @type {string[]} */ ([]);
  const look = (/** @type {any} */ part, /** @type {string} */ at) => {
    if (typeof part !== "object" || part === null) return;
    const bounded = ["maximum", "exclusiveMaximum", "const", "enum"].some((bound) => bound in part);
    if (part.type === "integer" && !bounded) unbounded.push(at);
    for (const [key, value] of Object.entries(part)) look(value, `${at}/${key}`);
  };
  look(CARD, "");
  assert.deepEqual(unbounded, []);
});

test("a card that is not JSON is refused", () => {
  assert.throws(() => parseCard("<html>", "card.json"), { code: "card" });
});

test("what networks share is counted once", () => {
  /** @param {string} name @returns {import("../../../site_assets/widgets/core/card.mjs").ModelFile} */
  const student = (name) => ({
    name,
    precision: "fp32",
    opset: 17,
    max_abs_error: 0,
    bytes: 10,
    sha256: name,
    shared: { name: "features", bytes: 100, sha256: "features" },
  });
  assert.equal(totalBytes([student("a")]), 110);
  assert.equal(totalBytes([student("a"), student("b"), { ...student("c"), shared: null }]), 130);
});

test("sizes are written as people read them", () => {
  assert.deepEqual([12, 1500, 999_499, 14_239_897].map(formatBytes), ["12 B", "2 kB", "999 kB", "14.2 MB"]);
});

/** @param {...string} ops */
const steps = (...ops) => ({ steps: ops.map((op) => ({ op })) });

test("a pipeline that looks for ink takes a drawn character, of one channel or three", () => {
  const ink = ["isolate-ink", "crop-to-ink", "fit", "centre-of-mass"];
  assert.equal(inputKind(steps("decode", "orient", "composite", "greyscale", "polarity", ...ink, "scale")), "digit");
  assert.equal(inputKind(steps("decode", "orient", "composite", "polarity", ...ink, "scale")), "digit");
});

for (const op of ["polarity", "isolate-ink", "crop-to-ink", "centre-of-mass"]) {
  test(`${op} alone looks for ink`, () => {
    assert.equal(inputKind(steps("decode", "greyscale", op, "resize")), "digit");
  });
}

test("a pipeline that does not takes a photo, in colour or in grey", () => {
  assert.equal(inputKind(steps("decode", "orient", "composite", "crop", "resize", "trigger", "scale")), "photo");
  assert.equal(inputKind(steps("decode", "orient", "composite", "greyscale", "crop", "resize", "scale")), "photo");
});

test("every released model is of the kind that it was trained for", () => {
  for (const [id, folder] of findModels()) {
    const card = JSON.parse(readFileSync(join(folder, "card.json"), "utf8"));
    const drawn = /^(mnist|digits)-/.test(id);
    if (drawn || /^(dogs|figures|photos)-/.test(id)) assert.equal(inputKind(card.input), drawn ? "digit" : "photo", id);
  }
});

test("the trigger that is shown is the backdoored network's, whichever comes first", () => {
  const [clean, bare, backdoored] = /** @type {any[]} */ ([
    { trigger: { kind: "patch" }, backdoor: null },
    { trigger: null, backdoor: null },
    { trigger: { kind: "blend" }, backdoor: {} },
  ]);
  assert.equal(triggerOwner([clean, bare, backdoored]), 2);
  assert.equal(triggerOwner([bare, clean]), 1);
  assert.equal(triggerOwner([bare]), -1);
});

test("the background is that of the step composite, white by default", () => {
  assert.deepEqual(background({ steps: [{ op: "decode" }, { op: "composite", background: [0, 1, 2] }] }), [0, 1, 2]);
  assert.deepEqual(background({ steps: [{ op: "composite" }] }), [255, 255, 255]);
});
