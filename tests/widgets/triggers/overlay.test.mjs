/** Overlays in Node; that they equal Python's to the bit is tested in tests/training/triggers/test_overlay.py. */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { deflateSync } from "node:zlib";
import { unpackArtwork } from "../../../site_assets/widgets/triggers/artwork.mjs";
import { paste } from "../../../site_assets/widgets/triggers/overlay.mjs";

/** @param {number} height @param {number} width @param {number[]} pixel RGBA */
function artwork(height, width, pixel) {
  const raw = Uint8Array.from({ length: height * width * 4 }, (_, i) => pixel[i % 4]);
  return {
    name: "block",
    height,
    width,
    sha256: createHash("sha256").update(raw).digest("hex"),
    rgba: deflateSync(raw).toString("base64"),
  };
}

const BLACK = { height: 40, width: 40, channels: 3, data: new Uint8Array(4800) };
const MIDDLE = { x: 0.5, y: 0.5, size: 0.5, angle: 0 };

test("an overlay is pasted once its artwork is unpacked, and the image does not change", async () => {
  const block = artwork(4, 4, [10, 200, 30, 255]);
  assert.throws(() => paste(BLACK, block, MIDDLE), /has not been unpacked/);
  await unpackArtwork(block);
  const { data } = paste(BLACK, block, MIDDLE);
  assert.deepEqual([...data.subarray((20 * 40 + 20) * 3, (20 * 40 + 21) * 3)], [10, 200, 30]);
  assert.ok(BLACK.data.every((value) => value === 0));
});

test("damaged artwork is refused", async () => {
  const good = artwork(3, 5, [1, 2, 3, 4]);
  const bad = [
    { ...good, sha256: "0".repeat(64) },
    { ...good, sha256: "1".repeat(64), height: 4 },
    { ...good, sha256: "2".repeat(64), rgba: good.rgba.slice(4) },
    { ...good, sha256: "3".repeat(64), rgba: "!" },
  ];
  for (const each of bad) await assert.rejects(unpackArtwork(each), /“block” is damaged/);
});

test("a grey image gets the artwork's brightness", async () => {
  const block = artwork(2, 2, [255, 0, 0, 255]);
  await unpackArtwork(block);
  const grey = { height: 8, width: 8, channels: 1, data: new Uint8Array(64) };
  assert.equal(paste(grey, block, MIDDLE).data[4 * 8 + 4], 76);
});
