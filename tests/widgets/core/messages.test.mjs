import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CODES,
  fromPlain,
  toPlain,
  toWidgetError,
  WidgetError,
  words,
} from "../../../site_assets/widgets/core/messages.mjs";

for (const code of CODES) {
  test(`${code}: says in whole sentences what happened, and what to do`, () => {
    const { title, advice } = words(new WidgetError(code, { what: "the model", status: 404, limit: 5e7 }));
    assert.match(title, /^[A-Z].*\.$/);
    if (code !== "superseded") assert.match(advice, /^[A-Z“].*[.)]$/);
    assert.doesNotMatch(`${title} ${advice}`, /undefined|null|NaN|Error/);
  });

  test(`${code}: has words without any details`, () => {
    const { title, advice } = words(new WidgetError(code));
    assert.doesNotMatch(`${title} ${advice}`, /null|NaN/);
  });
}

test("an error keeps its words on the way to another thread", () => {
  const error = new WidgetError("hash", { what: "the model “X”" });
  const arrived = fromPlain(structuredClone(toPlain(error)));
  assert.deepEqual(words(arrived), words(error));
});

test("an unknown error is not swallowed", () => {
  assert.match(words(new TypeError("x is not a function")).advice, /x is not a function/);
});

test("an abort reads as cancelled", () => {
  assert.equal(toWidgetError(new DOMException("gone", "AbortError")).code, "cancelled");
});
