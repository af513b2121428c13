import assert from "node:assert/strict";
import { test } from "node:test";
import { boundMemory, isSpent, MOST_PAGES } from "../../../site_assets/widgets/worker/memory.mjs";

test("the runtime gets less memory than it asks for, and is spent when it has taken half of that", () => {
  assert.equal(isSpent(), false);
  boundMemory();
  const memory = new WebAssembly.Memory({ initial: 256, maximum: 65_536, shared: true });
  assert.equal(isSpent(), false);
  memory.grow(MOST_PAGES / 2);
  assert.equal(isSpent(), true);
  assert.throws(() => memory.grow(MOST_PAGES / 2), RangeError);
});
