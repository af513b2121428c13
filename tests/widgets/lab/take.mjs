/**
 * The archive that a reader downloads, of networks with given parameters, for `tests/export/onnx/graphs/test_template.py`:
 *
 * node take.mjs PARAMETERS ARCHIVE
 */

import { readFileSync, writeFileSync } from "node:fs";
import { takeaway } from "../../../site_assets/widgets/lab/takeaway.mjs";
import { CARD, openTemplate, withParameters } from "./open-lab.mjs";

const [, , from, to] = process.argv;
const bytes = readFileSync(from);
const values = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
const experiment = await withParameters(values);
const networks = [await experiment.network("backdoored"), await experiment.network("clean")];
writeFileSync(to, await takeaway(CARD, await openTemplate(), networks));
