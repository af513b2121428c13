import assert from "node:assert/strict";
import { generateKeyPairSync, sign } from "node:crypto";
import { test } from "node:test";
import { requireSignature } from "../../../site_assets/widgets/core/signature.mjs";

const { publicKey, privateKey } = generateKeyPairSync("ed25519");
const raw = (/** @type {import("node:crypto").KeyObject} */ key) =>
  Buffer.from(/** @type {string} */ (key.export({ format: "jwk" }).x), "base64url").toString("base64");
const card = new TextEncoder().encode('{"id": "a"}\n');
const signed = { key: raw(publicKey), signature: sign(null, card, privateKey).toString("base64") };

test("a card that the key's owner signed is taken, and one of a site without keys", async () => {
  await requireSignature(card, signed);
  await requireSignature(card, null);
});

test("one changed byte is refused, in the card and in the signature", async () => {
  const changed = Uint8Array.from(card);
  changed[3] ^= 1;
  await assert.rejects(requireSignature(changed, signed), { code: "signature" });
  for (const signature of [`A${signed.signature.slice(1)}`, "AAAA", "no base64!"].filter((s) => s !== signed.signature))
    await assert.rejects(requireSignature(card, { ...signed, signature }), { code: "signature" });
});

test("another key's signature and none are refused", async () => {
  const other = raw(generateKeyPairSync("ed25519").publicKey);
  await assert.rejects(requireSignature(card, { ...signed, key: other }), { code: "signature" });
  await assert.rejects(requireSignature(card, { ...signed, signature: null }), { code: "unsigned" });
});

test("a browser that cannot check refuses too", async () => {
  const without = /** @type {any} */ ({
    importKey: async () => Promise.reject(new DOMException("", "NotSupportedError")),
  });
  await assert.rejects(requireSignature(card, signed, without), { code: "unsignable" });
});
