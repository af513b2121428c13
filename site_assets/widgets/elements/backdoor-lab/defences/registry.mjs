/** The lab's defences, in the order in which they are shown: another is a file and a line here. */

import { clusters } from "./clusters.mjs";
import { prune } from "./prune.mjs";
import { search } from "./search.mjs";
import { strip } from "./strip.mjs";
import { tune } from "./tune.mjs";

/**
 * @typedef {object} Case what a defence is run on
 * @property {string} which network
 * @property {any} recipe that it was trained by, of which a released network has the attack alone
 * @property {Uint8Array | null} own the reader's own digit as the networks see it, if there is one
 * @property {AbortSignal} signal
 * @property {HTMLElement} stage where the defence shows itself
 */
/** @typedef {{verdict: string, numbers: unknown}} Told `numbers` are for whoever downloads the results */
/**
 * @typedef {object} Defence
 * @property {string} title
 * @property {string} idea
 * @property {string} verb on its button
 * @property {boolean} [needsTraining] whether it looks at the images that the network was trained on
 * @property {(lab: import("../../../engine/lab.mjs").Lab, material: import("../material.mjs").Material, on: Case) => Promise<Told>} run
 */

/** @type {Record<string, Defence>} */
export const DEFENCES = { search, strip, clusters, prune, tune };
