// The JavaScript half of test_parity.py: reads cases as JSON on standard input, answers with hashes.
import { createHash } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { runPipeline } from '../../../site_assets/widgets/core/preprocess.mjs';
import { resize } from '../../../site_assets/widgets/core/resize.mjs';
import { readyTrigger } from '../../../site_assets/widgets/triggers/registry.mjs';

/** @param {ArrayBufferView} view */
function sha256(view) {
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  return createHash('sha256').update(bytes).digest('hex');
}

/** @param {{ height: number, width: number, channels: number, pixels: string }} picture */
function unpack({ height, width, channels, pixels }) {
  return { height, width, channels, data: new Uint8Array(Buffer.from(pixels, 'base64')) };
}

const { pipelines, resizes } = JSON.parse(await text(process.stdin));
for (const { trigger } of pipelines) await readyTrigger(trigger);
const answers = {
  pipelines: pipelines.map((/** @type {any} */ { pipeline, picture, trigger, placement }) => {
    const { stages, tensor, dims } = runPipeline(pipeline, unpack(picture), trigger, placement);
    return {
      stages: stages.map((stage) => [stage.op, stage.height, stage.width, stage.channels, sha256(stage.data)]),
      tensor: sha256(tensor),
      dims,
    };
  }),
  resizes: resizes.map((/** @type {any} */ { picture, height, width, filter }) =>
    sha256(resize(unpack(picture), height, width, filter).data),
  ),
};
process.stdout.write(JSON.stringify(answers));
