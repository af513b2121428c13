import assert from "node:assert/strict";
import { test } from "node:test";
import { History } from "../../../site_assets/widgets/core/history.mjs";
import { WidgetError } from "../../../site_assets/widgets/core/messages.mjs";
import { CHOSEN_FILE, LAST_FRAME, Source } from "../../../site_assets/widgets/inputs/source.mjs";

/** @typedef {import("../../../site_assets/widgets/core/image.mjs").Image} Image */
/** @typedef {import("../../../site_assets/widgets/core/strokes.mjs").Stroke} Stroke */
/** @typedef {import("../../../site_assets/widgets/worker/images.mjs").ImageSource} ImageSource */

const SAMPLES = [{ alt: "a seven" }, { alt: "a dog" }];
/** @type {Stroke} */
const STROKE = [
  [1, 2],
  [3, 4],
];
/** @type {Image} */
const FRAME = { height: 1, width: 1, channels: 3, data: Uint8Array.of(1, 2, 3) };
const FILE = new Blob(["a file"]);

/** Promises that end when the test says so, in any order. */
function controlled() {
  /** @type {{asked: any, end: (value: any) => void, fail: (error: unknown) => void}[]} */
  const started = [];
  const ask = (/** @type {any} */ asked) => new Promise((end, fail) => started.push({ asked, end, fail }));
  return { started, ask };
}

/**
 * @typedef {object} Demo
 * @property {Source<any>} source
 * @property {() => void} startCamera
 * @property {() => void} stroke
 */

/** @param {{pad?: boolean}} [options] */
function demo({ pad: withPad = true } = {}) {
  const fetches = controlled();
  const decodes = controlled();
  /** What the reader sees, and what the networks are asked. @type {string[]} */
  const log = [];
  /** @type {History<readonly Stroke[]>} */
  const history = new History(/** @type {readonly Stroke[]} */ ([]));
  /** As the pad's element does: it says that its drawing changed. */
  const pad = {
    get strokes() {
      return history.present;
    },
    get empty() {
      return history.present.length === 0;
    },
    image: () => ({ ...FRAME, data: Uint8Array.of(9, 9, 9) }),
    /** @param {readonly Stroke[]} strokes */
    draw(strokes) {
      history.push(strokes);
      source.drawn(true);
    },
    clear() {
      if (!this.empty) this.draw([]);
    },
    undo() {
      history.undo();
      source.drawn(true);
    },
    redo() {
      history.redo();
      source.drawn(true);
    },
  };
  const camera = {
    on: false,
    /** As the camera's element does: it says that it stopped, with its last frame. */
    stop() {
      if (!this.on) return;
      this.on = false;
      log.push("camera off");
      source.cameraStopped(FRAME);
    },
  };
  const source = new Source({
    screen: {
      pad: withPad ? pad : null,
      decode: decodes.ask,
      show: (what) => log.push(`show ${what}`),
      setFile: (decoded, alt) => log.push(`file ${decoded}: ${alt}`),
      setFrame: () => log.push("frame"),
      setStill: (_, alt) => log.push(`still: ${alt}`),
    },
    samples: SAMPLES,
    fetchSample: fetches.ask,
    camera,
    listener: {
      onChoice: () => {},
      onImage: (finished) => log.push(finished ? "answer" : "answer for now"),
      onProblem: (error) => log.push(`problem ${/** @type {WidgetError} */ (error).code}`),
    },
  });
  const startCamera = () => {
    camera.on = true;
    source.cameraStarted();
  };
  /** A stroke on the pad. */
  const stroke = () => {
    source.beginStroke();
    source.drawn(false);
    pad.draw([...pad.strokes, STROKE]);
  };
  return { source, pad, camera, fetches, decodes, log, startCamera, stroke, clearLog: () => log.splice(0) };
}

const soon = () => new Promise(setImmediate);

test("before anything is chosen there is nothing to ask", () => {
  const { source } = demo();
  assert.deepEqual([source.empty, source.request, source.sample, source.strokes], [true, null, null, undefined]);
});

test("the first sample is shown when the cards are here, and does not count as chosen", async () => {
  const { source, fetches, decodes, log } = demo();
  source.restore({});
  assert.deepEqual([source.sample, source.empty], [0, true]);
  const arrived = source.arrive();
  fetches.started[0].end(FILE);
  await soon();
  assert.equal(decodes.started[0].asked.blob, FILE);
  decodes.started[0].end("decoded");
  await arrived;
  assert.deepEqual(log, ["show ink", "file decoded: a seven", "show photo", "answer for now"]);
  assert.equal(source.request, decodes.started[0].asked);
  assert.equal(source.isCurrent(decodes.started[0].asked), true);
});

test("a sample of the address is restored, one that is not there becomes the last", () => {
  for (const [sample, expected] of [
    [1, 1],
    [99, 1],
  ]) {
    const { source } = demo();
    source.restore({ sample });
    assert.equal(source.sample, expected);
  }
});

test("a drawing of the address is restored instead of a sample", async () => {
  const { source, fetches, pad } = demo();
  source.restore({ strokes: [STROKE], sample: 1 });
  await source.arrive();
  assert.deepEqual([pad.strokes, source.strokes, source.sample], [[STROKE], [STROKE], null]);
  assert.equal(fetches.started.length, 0);
});

test("a drawing of the address needs a pad", () => {
  const { source } = demo({ pad: false });
  source.restore({ strokes: [STROKE] });
  assert.deepEqual([source.strokes, source.sample], [undefined, 0]);
});

test("a drawing is asked about as pixels, anew each time", () => {
  const { source, stroke } = demo();
  stroke();
  const { request } = source;
  assert.equal(request?.kind, "pixels");
  assert.notEqual(source.request, request);
  assert.equal(source.empty, false);
});

test("of two files the one that was chosen last wins, in whatever order they are decoded", async () => {
  const { source, decodes, log } = demo();
  const slow = source.chooseFile(FILE);
  const quick = source.chooseFile(FILE);
  decodes.started[1].end("second");
  await quick;
  decodes.started[0].end("first");
  await slow;
  assert.deepEqual(log, [`file second: ${CHOSEN_FILE}`, "show photo", "answer"]);
  assert.equal(source.request, decodes.started[1].asked);
  assert.notEqual(decodes.started[0].asked.token, decodes.started[1].asked.token);
});

for (const [what, choose] of /** @type {[string, (demo: Demo) => unknown][]} */ ([
  ["a drawing", ({ stroke }) => stroke()],
  ["a file", ({ source }) => source.chooseFile(FILE)],
  ["another sample", ({ source }) => source.chooseSample(1)],
  ["the camera", ({ startCamera }) => startCamera()],
])) {
  test(`a sample that comes late does not replace ${what}`, async () => {
    const the = demo();
    the.source.restore({});
    const restored = the.source.arrive();
    const chosen = the.source.chooseSample(0);
    choose(the);
    the.clearLog();
    the.fetches.started[0].end(FILE);
    the.fetches.started[1].end(FILE);
    await Promise.all([restored, chosen]);
    assert.deepEqual(the.log, []);
  });
}

test("a late failure is not reported", async () => {
  const { source, decodes, fetches, stroke, log, clearLog } = demo();
  const file = source.chooseFile(FILE);
  const sample = source.chooseSample(0);
  stroke();
  clearLog();
  decodes.started[0].fail(new WidgetError("undecodable"));
  fetches.started[0].fail(new WidgetError("missing"));
  await Promise.all([file, sample]);
  assert.deepEqual(log, []);
});

test("a file that cannot be decoded leaves what was there", async () => {
  const { source, decodes, stroke, log, clearLog } = demo();
  stroke();
  clearLog();
  const file = source.chooseFile(FILE);
  decodes.started[0].fail(new WidgetError("undecodable"));
  await file;
  assert.deepEqual(log, ["problem undecodable"]);
  assert.deepEqual(source.strokes, [STROKE]);
});

test("a stroke on a file replaces it and the drawing below it; a stroke on a drawing joins it", async () => {
  const { source, pad, decodes, stroke } = demo();
  stroke();
  stroke();
  assert.equal(pad.strokes.length, 2);
  const file = source.chooseFile(FILE);
  decodes.started[0].end("file");
  await file;
  assert.equal(source.strokes, undefined);
  stroke();
  assert.deepEqual([pad.strokes.length, source.request?.kind], [1, "pixels"]);
});

test("undo brings a drawing back while a file is shown", async () => {
  const { source, pad, decodes, log, clearLog } = demo();
  const file = source.chooseFile(FILE);
  decodes.started[0].end("file");
  await file;
  clearLog();
  pad.draw([STROKE]);
  assert.deepEqual(log, ["show ink", "answer"]);
});

test("undo after drawing over a sample brings the sample back, and redo the drawing", async () => {
  const { source, pad, fetches, decodes, log, stroke, clearLog } = demo();
  source.restore({});
  const arrived = source.arrive();
  fetches.started[0].end(FILE);
  await soon();
  decodes.started[0].end("sample");
  await arrived;
  stroke();
  assert.deepEqual([source.sample, source.strokes], [null, [STROKE]]);
  clearLog();
  pad.undo();
  decodes.started[1].end("sample again");
  await soon();
  assert.deepEqual(log, ["file sample again: a seven", "show photo", "answer"]);
  assert.deepEqual([source.sample, source.request], [0, decodes.started[0].asked]);
  pad.redo();
  assert.deepEqual([source.sample, source.strokes], [null, [STROKE]]);
});

test("undo leads back through samples, the cleared pad and drawings, in the order of their making", async () => {
  const { source, pad, fetches, decodes, stroke } = demo();
  stroke();
  const chosen = source.chooseSample(1);
  fetches.started[0].end(FILE);
  await soon();
  decodes.started[0].end("dog");
  await chosen;
  source.clear();
  stroke();
  pad.undo();
  assert.deepEqual([source.empty, source.strokes], [true, []], "the cleared pad");
  pad.undo();
  decodes.started[1].end("dog again");
  await soon();
  assert.equal(source.sample, 1);
  pad.undo();
  assert.deepEqual(source.strokes, [STROKE], "the drawing below the sample");
});

test("undo brings the camera's last frame back", () => {
  const { source, pad, camera, startCamera, stroke, log, clearLog } = demo();
  startCamera();
  source.cameraFrame(FRAME);
  camera.stop();
  stroke();
  clearLog();
  pad.undo();
  assert.deepEqual(log, [`still: ${LAST_FRAME}`, "show photo", "answer"]);
  assert.deepEqual(source.request, { kind: "pixels", image: FRAME });
});

test("clearing takes a file away", async () => {
  const { source, decodes } = demo();
  const file = source.chooseFile(FILE);
  decodes.started[0].end("file");
  await file;
  source.clear();
  assert.deepEqual([source.empty, source.request], [true, null]);
});

test("the camera's frames are answered as they come, and its last one stays", () => {
  const { source, camera, log, startCamera } = demo();
  startCamera();
  source.cameraFrame(FRAME);
  assert.deepEqual(source.request, { kind: "pixels", image: FRAME });
  camera.stop();
  assert.deepEqual(log, ["show camera", "frame", "answer for now", "camera off", `still: ${LAST_FRAME}`, "show photo"]);
});

test("a camera that gave no frame leaves what was there", async () => {
  const { source, decodes, camera, startCamera, log, clearLog } = demo();
  startCamera();
  camera.stop();
  assert.equal(log.at(-1), "show ink");
  const file = source.chooseFile(FILE);
  decodes.started[0].end("file");
  await file;
  startCamera();
  clearLog();
  camera.stop();
  assert.deepEqual(log, ["camera off", "show photo"]);
  assert.equal(source.request, decodes.started[0].asked);
});

test("a stroke stops the camera and leaves no frame of it", () => {
  const { source, camera, log, startCamera, stroke, clearLog } = demo();
  startCamera();
  source.cameraFrame(FRAME);
  clearLog();
  stroke();
  assert.equal(camera.on, false);
  assert.ok(!log.some((each) => each.startsWith("still")), log.join());
  assert.deepEqual(source.strokes, [STROKE]);
});

test("a file stops the camera", async () => {
  const { source, camera, decodes, startCamera } = demo();
  startCamera();
  source.cameraFrame(FRAME);
  const file = source.chooseFile(FILE);
  assert.equal(camera.on, false);
  decodes.started[0].end("file");
  await file;
  assert.equal(source.request, decodes.started[0].asked);
});
