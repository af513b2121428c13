import assert from "node:assert/strict";
import { test } from "node:test";
import { configuredKind, parseConfig } from "../../../site_assets/widgets/core/config.mjs";

test("what is not given has a default", () => {
  const config = parseConfig('{"models": [{"card": "a/card.json"}]}');
  assert.equal(config.trigger, "switch");
  assert.equal(config.compare, false);
  assert.deepEqual(config.inputs, ["draw", "samples", "upload", "camera"]);
});

test("several networks stand side by side by default", () => {
  const models = [{ card: "a" }, { card: "b" }];
  assert.equal(parseConfig(JSON.stringify({ models })).compare, true);
  assert.equal(parseConfig(JSON.stringify({ models, compare: false })).compare, false);
});

for (const text of [null, "", "{", "{}", '{"models": []}', '{"models": [{}]}', "[]", "null"]) {
  test(`${JSON.stringify(text)} is refused in words`, () => {
    assert.throws(() => parseConfig(text), { code: "config" });
  });
}

test("the widget's kind is that of the pipeline; without one, a drawn character", () => {
  const config = (/** @type {object} */ more) => parseConfig(JSON.stringify({ models: [{ card: "a.json" }], ...more }));
  const size = { height: 28, width: 28 };
  assert.equal(configuredKind(config({ input: { ...size, steps: [{ op: "crop" }, { op: "resize" }] } })), "photo");
  assert.equal(configuredKind(config({ input: { ...size, steps: [{ op: "crop-to-ink" }] } })), "digit");
  assert.equal(configuredKind(config({})), "digit");
});
