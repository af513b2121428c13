/**
 * The parameters of a released network as the lab reads them, for `tests/export/onnx/test_weights.py`:
 *
 * node weights.mjs MODEL.onnx PARAMETERS
 */

import { readFileSync, writeFileSync } from "node:fs";
import { parametersIn } from "../../../site_assets/widgets/lab/weights.mjs";
import { CARD } from "./open-lab.mjs";

const [, , from, to] = process.argv;
writeFileSync(to, parametersIn(readFileSync(from), CARD.networks["mnist-cnn"].parameters));
