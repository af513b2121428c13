/**
 * Files in a ZIP archive, stored as they are (PKWARE's APPNOTE.TXT, sections 4.3.7, 4.3.12 and 4.3.16). The same files give
 * the same archive: its times are the format's first.
 * @module
 */

import { concatenated } from "./bytes.mjs";

/** @typedef {{name: string, content: Uint8Array}} File names are ASCII, with `/` between folders */

const VERSION = 20; // The first with folders.
const FIRST_DAY = 0x21; // 1 January 1980.

/** @param {File[]} files */
export function zip(files) {
  /** @type {Uint8Array[]} */
  const entries = [];
  /** @type {Uint8Array[]} */
  const directory = [];
  let at = 0;
  for (const { name, content } of files) {
    const path = new TextEncoder().encode(name);
    const common = [
      ...[0, 0, 0, FIRST_DAY].flatMap((value) => bytes(value, 2)), // Flags, method, time, day.
      ...[crc32(content), content.length, content.length].flatMap((value) => bytes(value, 4)),
      ...[path.length, 0].flatMap((value) => bytes(value, 2)),
    ];
    const head = Uint8Array.from([...bytes(0x04034b50, 4), ...bytes(VERSION, 2), ...common]);
    entries.push(head, path, content);
    const about = [VERSION, VERSION].flatMap((value) => bytes(value, 2));
    directory.push(
      Uint8Array.from([...bytes(0x02014b50, 4), ...about, ...common, ...bytes(0, 10), ...bytes(at, 4)]),
      path,
    );
    at += head.length + path.length + content.length;
  }
  const size = directory.reduce((sum, { length }) => sum + length, 0);
  const counts = [0, 0, files.length, files.length].flatMap((value) => bytes(value, 2));
  const end = Uint8Array.from([...bytes(0x06054b50, 4), ...counts, ...bytes(size, 4), ...bytes(at, 4), 0, 0]);
  return concatenated([...entries, ...directory, end]);
}

/** Little-endian. @param {number} value @param {number} count */
function bytes(value, count) {
  return Array.from({ length: count }, (_, i) => (i < 4 ? (value >>> (8 * i)) & 255 : 0));
}

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? (rest >>> 1) ^ 0xedb88320 : rest >>> 1;
  return rest;
});

/** The check sum of a ZIP entry. @param {Uint8Array} content */
function crc32(content) {
  let rest = 0xffffffff;
  for (const byte of content) rest = (rest >>> 8) ^ TABLE[(rest ^ byte) & 255];
  return (rest ^ 0xffffffff) >>> 0;
}
