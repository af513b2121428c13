/** Signatures of model cards, as `export/card/signature.py` makes them: Ed25519 over the card, which names its files' hashes. */

import { WidgetError } from "./messages.mjs";

/** @typedef {{key: string, signature: string | null}} Signed base64; the key is the one that the page expects */

const WHAT = "the model card";

/**
 * @param {Uint8Array} card as it was fetched
 * @param {Signed | null | undefined} signed null where the site asks for no signature
 * @param {SubtleCrypto | undefined} [subtle]
 * @throws {WidgetError} unsigned, signature, or unsignable where the browser cannot tell
 */
export async function requireSignature(card, signed, subtle = globalThis.crypto?.subtle) {
  if (!signed) return;
  if (!signed.signature) throw new WidgetError("unsigned", { what: WHAT });
  if (!(await isSignedBy(card, signed.key, signed.signature, subtle))) {
    throw new WidgetError("signature", { what: WHAT });
  }
}

/**
 * @param {Uint8Array} card
 * @param {string} key
 * @param {string} signature
 * @param {SubtleCrypto | undefined} subtle
 */
async function isSignedBy(card, key, signature, subtle) {
  /** @type {CryptoKey} */
  let imported;
  try {
    if (!subtle) throw new Error("this page is not secure");
    imported = await subtle.importKey("raw", bytesOf(key), "Ed25519", false, ["verify"]);
  } catch (error) {
    throw new WidgetError("unsignable", { what: WHAT }, { cause: error });
  }
  try {
    return await subtle.verify("Ed25519", imported, bytesOf(signature), /** @type {Uint8Array<ArrayBuffer>} */ (card));
  } catch {
    return false; // Not even of a signature's form.
  }
}

/** @param {string} text base64 */
const bytesOf = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
