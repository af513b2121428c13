/**
 * Bytes, unpacked and put together.
 * @module
 */

/** What raw deflate has packed. @param {Uint8Array} packed */
export async function inflated(packed) {
  const stream = new Blob([/** @type {Uint8Array<ArrayBuffer>} */ (packed)])
    .stream()
    .pipeThrough(new DecompressionStream("deflate-raw"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** One after the other. @param {Uint8Array[]} parts */
export function concatenated(parts) {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
