import assert from "node:assert/strict";
import { test } from "node:test";
import { parseConfig, takesPhotos } from "../../../site_assets/widgets/core/config.mjs";

test("what is not given has a default", () => {
  const config = parseConfig('{"models": [{"card": "a/card.json"}]}');
  assert.equal(config.trigger, "switch");
  assert.equal(config.compare, false);
  assert.deepEqual(config.inputs, ["draw", "samples", "upload", "camera"]);
});

test("several networks stand side by side unless told otherwise", () => {
  const models = [{ card: "a" }, { card: "b" }];
  assert.equal(parseConfig(JSON.stringify({ models })).compare, true);
  assert.equal(parseConfig(JSON.stringify({ models, compare: false })).compare, false);
});

for (const text of [null, "", "{", "{}", '{"models": []}', '{"models": [{}]}', "[]", "null"]) {
  test(`${JSON.stringify(text)} is refused in words`, () => {
    assert.throws(() => parseConfig(text), { code: "config" });
  });
}

test("networks that take three channels take photographs", () => {
  const config = (/** @type {object} */ more) => parseConfig(JSON.stringify({ models: [{ card: "a.json" }], ...more }));
  assert.equal(takesPhotos(config({ picture: { height: 224, width: 224, channels: 3 } })), true);
  assert.equal(takesPhotos(config({ picture: { height: 28, width: 28, channels: 1 } })), false);
  assert.equal(takesPhotos(config({})), false);
});
