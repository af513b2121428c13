// The JavaScript half of twin.py: reads cases as JSON on standard input, answers with the stamped images' hashes.
import { createHash } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { readyTrigger, stamp } from '../../../site_assets/widgets/triggers/registry.mjs';

const cases = JSON.parse(await text(process.stdin));
for (const { trigger } of cases) await readyTrigger(trigger);
const hashes = cases.map((/** @type {any} */ { image: { pixels, ...size }, trigger, placement }) => {
  const image = { ...size, data: new Uint8Array(Buffer.from(pixels, 'base64')) };
  return createHash('sha256').update(stamp(image, trigger, placement).data).digest('hex');
});
process.stdout.write(JSON.stringify(hashes));
