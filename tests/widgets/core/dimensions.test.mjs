import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { HEADER_BYTES, readDimensions } from "../../../site_assets/widgets/core/dimensions.mjs";
import { ROOT } from "../../browser/harness/server.mjs";

const INPUTS = join(ROOT, "tests/golden/inputs");
const INDEX = join(ROOT, ".cache/golden/index.json");
const skip = existsSync(INDEX) ? false : "run `make golden-inputs` first";

/** @param {Buffer} buffer @returns {ArrayBuffer} */
const head = (buffer) => new Uint8Array(buffer.subarray(0, HEADER_BYTES)).buffer;

/** @param {string} name */
const kind = (name) => name.split(".").pop();

test("every kind of golden input has its size read from the header", { skip }, () => {
  const index = JSON.parse(readFileSync(INDEX, "utf8"));
  for (const name of readdirSync(INPUTS).filter((each) => each in index)) {
    const size = readDimensions(head(readFileSync(join(INPUTS, name))));
    assert.ok(size, name);
    const decoded = [index[name].width, index[name].height];
    // EXIF may have turned the decoded image by a quarter.
    const turned = name.startsWith("exif") && decoded[0] === size.height;
    assert.deepEqual([size.width, size.height], turned ? decoded.reverse() : decoded, name);
  }
  const kinds = new Set(Object.keys(index).map(kind));
  for (const each of ["png", "jpg", "webp", "gif", "bmp"]) assert.ok(kinds.has(each), each);
});

test("a size is read from the AVIF boxes, the largest counting", () => {
  const bytes = Buffer.alloc(80);
  bytes.write("ftypavif", 4, "latin1");
  for (const [at, width, height] of [
    [20, 64, 64],
    [48, 4000, 3000],
  ]) {
    bytes.write("ispe", at, "latin1");
    bytes.writeUInt32BE(width, at + 8);
    bytes.writeUInt32BE(height, at + 12);
  }
  assert.deepEqual(readDimensions(head(bytes)), { width: 4000, height: 3000 });
});

for (const [what, bytes] of /** @type {[string, Buffer][]} */ ([
  ["nothing", Buffer.alloc(0)],
  ["text", Buffer.from("just some words, long enough to hold a header of any kind")],
  ["a PNG that ends in its header", Buffer.from("89504e470d0a1a0a0000000d49484452", "hex")],
  ["a JPEG whose segments lead nowhere", Buffer.from("ffd8ffe00000ffd9", "hex")],
])) {
  test(`${what} has no known size`, () => {
    assert.equal(readDimensions(head(bytes)), null);
  });
}

test("the size of a PNG bomb is read without decoding it", () => {
  const bytes = Buffer.alloc(33);
  Buffer.from("89504e470d0a1a0a0000000d49484452", "hex").copy(bytes);
  bytes.writeUInt32BE(100_000, 16);
  bytes.writeUInt32BE(90_000, 20);
  assert.deepEqual(readDimensions(head(bytes)), { width: 100_000, height: 90_000 });
});
