import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { digest, sha256 } from "../../../site_assets/widgets/core/sha256.mjs";

const LENGTHS = [0, 1, 55, 56, 63, 64, 65, 119, 120, 1000, 70_000];

/** @param {number} length */
const bytesOf = (length) => Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 8)) & 255);

for (const length of LENGTHS) {
  test(`the plain JavaScript SHA-256 of ${length} bytes is Node's`, () => {
    const bytes = bytesOf(length);
    assert.equal(Buffer.from(digest(bytes)).toString("hex"), createHash("sha256").update(bytes).digest("hex"));
  });
}

test("without crypto.subtle (an insecure page) the hash is the same", async () => {
  const bytes = bytesOf(300);
  const withSubtle = await sha256(bytes);
  const original = Object.getOwnPropertyDescriptor(globalThis, "crypto");
  Object.defineProperty(globalThis, "crypto", { value: undefined, configurable: true });
  try {
    assert.equal(await sha256(bytes), withSubtle);
  } finally {
    Object.defineProperty(globalThis, "crypto", /** @type {PropertyDescriptor} */ (original));
  }
});
