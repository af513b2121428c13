/**
 * Runs the browser tests: `node tests/browser/run.mjs [FILE…]`, all of them without names. Two files run at a time, those
 * that measure times by themselves and last. A real browser on a busy machine is late at times: files that fail run once
 * more, one after the other, and count as failed when they fail twice.
 */

import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const FOLDER = dirname(fileURLToPath(import.meta.url));
const TOGETHER = 2;
/** Measures how long things take, which a neighbour would lengthen. */
const ALONE = ["speed.test.mjs"];
/** Takes longest, so it begins first. */
const FIRST = ["site.test.mjs"];

const given = process.argv.slice(2);
const files = given.length > 0 ? given : allFiles();
const alone = files.filter((file) => ALONE.some((name) => file.endsWith(name)));
const failed = [
  ...(await runAll(
    files.filter((file) => !alone.includes(file)),
    TOGETHER,
  )),
  ...(await runAll(alone, 1)),
];
if (failed.length > 0) console.log(`\nonce more: ${failed.join(" ")}`);
const failedTwice = await runAll(failed, 1);
if (failedTwice.length > 0) console.error(`\nfailed twice: ${failedTwice.join(" ")}`);
process.exitCode = failedTwice.length > 0 ? 1 : 0;

function allFiles() {
  const names = readdirSync(FOLDER).filter((name) => name.endsWith(".test.mjs"));
  const order = (/** @type {string} */ name) => (FIRST.includes(name) ? 0 : 1);
  return names.sort((a, b) => order(a) - order(b) || a.localeCompare(b)).map((name) => join(FOLDER, name));
}

/**
 * @param {readonly string[]} all files
 * @param {number} together how many at a time
 * @returns {Promise<string[]>} those that failed
 */
async function runAll(all, together) {
  const waiting = [...all];
  /** @type {string[]} */
  const bad = [];
  const lane = async () => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      if (!(await passes(file))) bad.push(file);
    }
  };
  await Promise.all(Array.from({ length: together }, lane));
  return bad;
}

/**
 * Run one file in a process of its own; what it says is told when it ends, so that files do not mix.
 *
 * @param {string} file
 * @returns {Promise<boolean>}
 */
function passes(file) {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const run = spawn(process.execPath, ["--test", "--test-reporter=spec", file], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    /** @type {Buffer[]} */
    const said = [];
    for (const stream of [run.stdout, run.stderr]) stream.on("data", (piece) => said.push(piece));
    run.once("error", reject);
    run.once("close", (code) => {
      const seconds = ((performance.now() - start) / 1000).toFixed(0);
      console.log(`\n${file}: ${code === 0 ? "passed" : "FAILED"}, ${seconds} s\n${Buffer.concat(said)}`);
      resolve(code === 0);
    });
  });
}
