/**
 * The size of an image, read from the first bytes of its file, so that a huge one is refused before it is decoded.
 *
 * Knows PNG, JPEG, GIF, BMP, WebP and AVIF/HEIF; for anything else the answer is null and the caller has to decode.
 */

/** @typedef {{width: number, height: number}} Size */

/** How many bytes of a file must be read; a JPEG's size comes after its EXIF and ICC blocks. */
export const HEADER_BYTES = 1 << 18;

/**
 * @param {ArrayBuffer} buffer the beginning of the file (or all of it)
 * @returns {Size | null} null when the format is not known or the header is damaged
 */
export function readDimensions(buffer) {
  const view = new DataView(buffer);
  const readers = [png, jpeg, gif, bmp, webp, isoMedia];
  for (const read of readers) {
    try {
      const size = read(view);
      if (size) return size;
    } catch (error) {
      if (!(error instanceof RangeError)) throw error; // The header ends early: another reader may know it.
    }
  }
  return null;
}

/**
 * @param {DataView} view
 * @param {number} offset
 * @param {number} length
 */
function ascii(view, offset, length) {
  let text = "";
  for (let i = 0; i < length; i++) text += String.fromCharCode(view.getUint8(offset + i));
  return text;
}

/** @param {DataView} view @returns {Size | null} */
function png(view) {
  if (view.getUint32(0) !== 0x89504e47 || ascii(view, 12, 4) !== "IHDR") return null;
  return { width: view.getUint32(16), height: view.getUint32(20) };
}

/** @param {DataView} view @returns {Size | null} */
function gif(view) {
  if (ascii(view, 0, 4) !== "GIF8") return null;
  return { width: view.getUint16(6, true), height: view.getUint16(8, true) };
}

/** @param {DataView} view @returns {Size | null} */
function bmp(view) {
  if (ascii(view, 0, 2) !== "BM") return null;
  if (view.getUint32(14, true) === 12) return { width: view.getUint16(18, true), height: view.getUint16(20, true) };
  return { width: view.getInt32(18, true), height: Math.abs(view.getInt32(22, true)) };
}

/** @param {DataView} view @returns {Size | null} */
function webp(view) {
  if (ascii(view, 0, 4) !== "RIFF" || ascii(view, 8, 4) !== "WEBP") return null;
  const chunk = ascii(view, 12, 4);
  if (chunk === "VP8X") return { width: uint24(view, 24) + 1, height: uint24(view, 27) + 1 };
  if (chunk === "VP8L") {
    const bits = view.getUint32(21, true);
    return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
  }
  if (chunk === "VP8 ") return { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff };
  return null;
}

/** @param {DataView} view @param {number} offset */
function uint24(view, offset) {
  return view.getUint16(offset, true) | (view.getUint8(offset + 2) << 16);
}

/** @param {DataView} view @returns {Size | null} */
function jpeg(view) {
  if (view.getUint16(0) !== 0xffd8) return null;
  let offset = 2;
  for (;;) {
    if (view.getUint8(offset) !== 0xff) return null;
    const marker = view.getUint8(offset + 1);
    if (marker === 0xff) {
      offset += 1; // Fill byte.
    } else if (isFrame(marker)) {
      return { height: view.getUint16(offset + 5), width: view.getUint16(offset + 7) };
    } else {
      const length = view.getUint16(offset + 2);
      if (length < 2) return null;
      offset += 2 + length;
    }
  }
}

/** @param {number} marker SOF0 to SOF15, without DHT, JPG and DAC */
function isFrame(marker) {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}

/** AVIF and HEIF: the largest `ispe` (image spatial extents) box; thumbnails and tiles have smaller ones.
 * @param {DataView} view @returns {Size | null} */
function isoMedia(view) {
  if (ascii(view, 4, 4) !== "ftyp") return null;
  /** @type {Size | null} */
  let largest = null;
  for (let i = 8; i + 16 <= view.byteLength; i++) {
    if (view.getUint32(i) !== 0x69737065) continue;
    const size = { width: view.getUint32(i + 8), height: view.getUint32(i + 12) };
    if (!largest || size.width * size.height > largest.width * largest.height) largest = size;
  }
  return largest;
}
