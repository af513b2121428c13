import assert from "node:assert/strict";
import { test } from "node:test";
import { fromHalf, toHalf } from "../../../site_assets/widgets/core/half.mjs";

test("every number of 16 bits comes back as it went", () => {
  for (let bits = 0; bits < 65_536; bits++) {
    const value = fromHalf(bits);
    if (Number.isNaN(value)) assert.equal(toHalf(value) & 0x7c00, 0x7c00);
    else assert.equal(toHalf(value), bits);
  }
});

test("numbers between two go to the nearer, and in the middle to the even one", () => {
  for (let bits = 0; bits < 0x7bff; bits++) {
    const [low, high] = [fromHalf(bits), fromHalf(bits + 1)];
    const middle = (low + high) / 2;
    assert.equal(toHalf(middle), bits % 2 ? bits + 1 : bits);
    assert.equal(toHalf(low + (high - low) * 0.49), bits);
    assert.equal(toHalf(-(low + (high - low) * 0.51)), (bits + 1) | 0x8000);
  }
  assert.deepEqual([toHalf(65_519), toHalf(65_520), toHalf(1e30)], [0x7bff, 0x7c00, 0x7c00]);
});
