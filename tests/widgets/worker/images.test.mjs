import assert from "node:assert/strict";
import { test } from "node:test";
import { decoded } from "../../../site_assets/widgets/worker/images.mjs";

test("an image that one network takes is refused for one that takes fewer pixels", async (context) => {
  const pixels = { width: 4, height: 3, data: new Uint8ClampedArray(48) };
  Object.assign(globalThis, {
    createImageBitmap: async () => ({ width: 4, height: 3, close: () => {} }),
    OffscreenCanvas: class {
      getContext = () => ({ fillRect() {}, drawImage() {}, getImageData: () => pixels });
    },
  });
  context.after(() => ["createImageBitmap", "OffscreenCanvas"].map((name) => Reflect.deleteProperty(globalThis, name)));
  const source = /** @type {const} */ ({ kind: "file", token: "a", blob: new Blob(["an image"]) });
  assert.equal((await decoded(source, 12)).width, 4);
  await assert.rejects(decoded(source, 11), { code: "huge" });
  const image = await decoded(source, 12);
  assert.equal(await decoded(source, 12, [255, 255, 255]), image, "white lies behind it unless a card says otherwise");
  assert.notEqual(await decoded(source, 12, [0, 0, 0]), image);
});
