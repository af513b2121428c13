/** The model card as the widgets read it; its types are generated from the schema that Python publishes. */

import { CARD } from "./card-schema.mjs";
import { fetchVerified, SMALL } from "./fetch.mjs";
import { fault } from "./json-schema.mjs";
import { WidgetError } from "./messages.mjs";
import { orderProblem } from "./order.mjs";
import { requireSignature } from "./signature.mjs";
import { printable } from "./text.mjs";

/** @typedef {import("./card-types.d.ts").ModelCard} Card */
/** @typedef {import("./card-types.d.ts").ModelFile} ModelFile */
/** @typedef {ModelFile["precision"]} Precision */
/** @typedef {ModelFile & {inside?: import("./inside.mjs").Inside | null}} OpenedFile a file, and what is shown of its inside */
/** @typedef {{name: string, bytes: number, sha256: string}} StoredFile */
/** @typedef {"digit" | "photo"} InputKind */

export const BACKDOORED_PREFIX = "BACKDOORED-";
const DEVICE = /^(con|prn|aux|nul|(com|lpt)\d)(\.|$)/;

/** @type {Record<Precision, string>} */
export const PRECISIONS = { fp32: "float32", "int8-weight-only": "int8 weights", "int8-qdq": "int8" };

/**
 * @param {{url: string, bytes: number, sha256: string, signed?: import("./signature.mjs").Signed | null}} file as the page
 *   names it
 * @param {{signal?: AbortSignal, cache?: Cache | null}} [options]
 * @returns {Promise<Card>}
 * @throws {WidgetError} what `fetchVerified` and `requireSignature` throw, and `card`
 */
export async function fetchCard({ signed, ...file }, options) {
  const bytes = await fetchVerified({ ...file, what: "the model card" }, { store: SMALL, ...options });
  await requireSignature(bytes, signed);
  return parseCard(new TextDecoder().decode(bytes), file.url);
}

/**
 * @param {string} text
 * @param {string} where for messages
 * @returns {Card}
 */
export function parseCard(text, where) {
  /** @type {any} */
  let card;
  try {
    card = JSON.parse(text);
  } catch (error) {
    throw new WidgetError("card", { what: where, found: "it is not JSON" }, { cause: error });
  }
  const fault = findFault(card);
  if (fault) throw new WidgetError("card", { what: where, found: fault });
  return { ...card, title: printable(card.title), labels: card.labels.map(printable) };
}

/**
 * What is wrong with a card, by the schema that Python publishes, with its bounds on steps, sizes, names and labels, and by
 * the order of the steps.
 *
 * @param {any} card
 * @returns {string | null}
 */
function findFault(card) {
  if (card?.schema_version !== 1) {
    return `it has schema version ${card?.schema_version}, this page reads version 1`;
  }
  const found = fault(CARD, card);
  if (found !== null) return found.replace(/^\.|^: /, "");
  if (!card.files.some((/** @type {ModelFile} */ file) => file.precision === card.default_precision)) {
    return `it has no ${card.default_precision} file`;
  }
  const wrong = orderProblem(card.input);
  return wrong === null ? filesProblem(card) : `input.steps: ${wrong}`;
}

/** @param {Card} card */
function filesProblem({ id, files, backdoor }) {
  if (new Set(files.map(({ precision }) => precision)).size < files.length) return "two files have the same precision";
  const names = files.flatMap(fileParts).map(({ name }) => name);
  const unlabelled = backdoor && names.find((name) => !name.startsWith(BACKDOORED_PREFIX));
  if (unlabelled) return `a backdoored file's name must begin with ${BACKDOORED_PREFIX}: ${unlabelled}`;
  const wrong = namesProblem([id, ...names]);
  return wrong && `files: ${wrong}`;
}

/**
 * Twin of `export/card/names.py`: a model folder is one that every system can hold.
 *
 * @param {string[]} names of files that lie in one folder
 * @returns {string | null} what is wrong with them
 */
export function namesProblem(names) {
  /** @type {Map<string, string>} */
  const known = new Map();
  for (const name of names) {
    const lower = name.toLowerCase();
    if (DEVICE.test(lower)) return `'${name}' is the name of a device on Windows: choose another`;
    const other = known.get(lower) ?? name;
    if (other !== name)
      return `'${other}' and '${name}' differ in case only, which Windows and macOS do not tell apart`;
    known.set(lower, name);
  }
  return null;
}

/**
 * @param {Card} card
 * @param {string | null} [precision] falls back to the card's own default
 * @returns {ModelFile}
 */
export function modelFile(card, precision) {
  const wanted = card.files.find((file) => file.precision === precision);
  return wanted ?? /** @type {ModelFile} */ (card.files.find((file) => file.precision === card.default_precision));
}

/**
 * All that a network is made of, in the order in which `startSession` takes it.
 *
 * @param {OpenedFile} file
 * @returns {StoredFile[]}
 */
export function fileParts({ inside, ...file }) {
  return [file, ...(file.shared ? [file.shared] : []), ...(inside ? [inside.appendix] : [])];
}

/**
 * Download size of some networks; a file that several of them share counts once.
 *
 * @param {OpenedFile[]} files
 */
export function totalBytes(files) {
  const sizes = new Map(files.flatMap(fileParts).map(({ sha256, bytes }) => [sha256, bytes]));
  return [...sizes.values()].reduce((sum, bytes) => sum + bytes, 0);
}

export const WHITE = [255, 255, 255];
/** Steps that look for ink. @type {ReadonlySet<string>} */
const INK_STEPS = new Set(["polarity", "isolate-ink", "crop-to-ink", "centre-of-mass"]);

/**
 * What a network takes, by the steps of its input pipeline: one that looks for ink takes a drawn character, any other a
 * photo. The number of channels does not tell: there are networks of grey photos and of coloured digits.
 *
 * @param {{steps: readonly {op: string}[]}} pipeline
 * @returns {InputKind}
 */
export function inputKind({ steps }) {
  return steps.some(({ op }) => INK_STEPS.has(op)) ? "digit" : "photo";
}

/**
 * Which network's trigger is shown: the first backdoored one's, else the first that has one; -1 if none has.
 *
 * A clean network's own trigger is its control in measurements; beside a backdoored one it is given that one's.
 *
 * @param {Card[]} cards of the shown networks
 */
export function triggerOwner(cards) {
  const backdoored = cards.findIndex(({ backdoor, trigger }) => backdoor && trigger);
  return backdoored < 0 ? cards.findIndex(({ trigger }) => trigger) : backdoored;
}

/**
 * How many pixels an image may have.
 *
 * @param {Card} card
 */
export function maxPixels(card) {
  for (const step of card.input.steps) if (step.op === "decode") return step.max_pixels;
  return 50_000_000;
}

/**
 * What lies behind an image's transparent parts.
 *
 * @param {{steps: readonly {op: string, background?: readonly number[]}[]}} pipeline
 * @returns {readonly number[]}
 */
export function background({ steps }) {
  return steps.find(({ op }) => op === "composite")?.background ?? WHITE;
}

/**
 * A size as the page writes it.
 *
 * @param {number} bytes
 */
export function formatBytes(bytes) {
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 1e6) return `${Math.round(bytes / 1e3)} kB`;
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
