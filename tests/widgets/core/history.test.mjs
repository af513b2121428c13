import assert from "node:assert/strict";
import { test } from "node:test";
import { History } from "../../../site_assets/widgets/core/history.mjs";

test("undo and redo walk through the states", () => {
  const history = new History("a");
  history.push("b");
  history.push("c");
  history.undo();
  assert.equal(history.present, "b");
  history.undo();
  assert.equal(history.present, "a");
  assert.equal(history.canUndo, false);
  history.undo();
  assert.equal(history.present, "a");
  history.redo();
  history.redo();
  assert.equal(history.present, "c");
  assert.equal(history.canRedo, false);
});

test("a new state ends what could be redone", () => {
  const history = new History(0);
  history.push(1);
  history.undo();
  history.push(2);
  assert.equal(history.canRedo, false);
  history.undo();
  assert.equal(history.present, 0);
});
