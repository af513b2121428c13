import assert from "node:assert/strict";
import { test } from "node:test";
import { configuredKind, parseConfig } from "../../../site_assets/widgets/core/config.mjs";

/** @param {string} card */
const model = (card) => ({ card, bytes: 1, sha256: "0".repeat(64) });

test("what is not given has a default", () => {
  const config = parseConfig(JSON.stringify({ models: [model("a/card.json")] }));
  assert.equal(config.trigger, "switch");
  assert.equal(config.compare, false);
  assert.deepEqual(config.inputs, ["draw", "samples", "upload", "camera"]);
});

test("several networks stand side by side by default", () => {
  const models = [model("a"), model("b")];
  assert.equal(parseConfig(JSON.stringify({ models })).compare, true);
  assert.equal(parseConfig(JSON.stringify({ models, compare: false })).compare, false);
});

for (const text of [null, "", "{", "{}", '{"models": []}', '{"models": [{}]}', "[]", "null"]) {
  test(`${JSON.stringify(text)} is refused in words`, () => {
    assert.throws(() => parseConfig(text), { code: "config" });
  });
}

for (const lacking of [{ sha256: undefined }, { sha256: "" }, { bytes: undefined }, { sha256: "a".repeat(63) }]) {
  test(`a card named with ${JSON.stringify(lacking)} is refused: it could be any`, () => {
    const models = [{ ...model("a.json"), ...lacking }];
    assert.throws(() => parseConfig(JSON.stringify({ models })), { code: "config", message: /SHA-256/ });
  });
}

test("the widget's kind is that of the pipeline; without one, a drawn character", () => {
  const config = (/** @type {object} */ more) => parseConfig(JSON.stringify({ models: [model("a.json")], ...more }));
  const size = { height: 28, width: 28 };
  assert.equal(configuredKind(config({ input: { ...size, steps: [{ op: "crop" }, { op: "resize" }] } })), "photo");
  assert.equal(configuredKind(config({ input: { ...size, steps: [{ op: "crop-to-ink" }] } })), "digit");
  assert.equal(configuredKind(config({})), "digit");
});
