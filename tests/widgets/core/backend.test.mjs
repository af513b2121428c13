import assert from "node:assert/strict";
import { test } from "node:test";
import {
  backendName,
  DEFAULT,
  decodeBackend,
  encodeBackend,
  WEBGPU,
} from "../../../site_assets/widgets/core/backend.mjs";

for (const backend of [DEFAULT, WEBGPU, /** @type {const} */ ({ runtime: "wasm", threads: 4 })]) {
  test(`${backendName(backend)} is stored and read again`, () => {
    assert.deepEqual(decodeBackend(encodeBackend(backend)), backend);
  });
}

for (const text of [null, "", "wasm", "wasm-0", "wasm-17", "wasm-100", "webgl", "wasm-1x"]) {
  test(`“${text}” is no backend`, () => {
    assert.equal(decodeBackend(text), null);
  });
}
