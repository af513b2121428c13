import assert from "node:assert/strict";
import { test } from "node:test";
import { addAlpha, dropAlpha } from "../../../site_assets/widgets/core/image.mjs";

test("alpha is dropped, and added back as opaque", () => {
  const rgb = dropAlpha([1, 2, 3, 4, 5, 6, 7, 8]);
  assert.deepEqual([...rgb], [1, 2, 3, 5, 6, 7]);
  assert.deepEqual([...addAlpha(rgb, 3)], [1, 2, 3, 255, 5, 6, 7, 255]);
});

test("a grey image gets three equal channels", () => {
  assert.deepEqual([...addAlpha(Uint8Array.of(9, 200), 1)], [9, 9, 9, 255, 200, 200, 200, 255]);
});
