/**
 * The connected marks of a mask, in integer arithmetic; the twin of `export/pipeline/marks.py`, equal to the bit.
 * @module
 */

/**
 * @typedef {{ height: number, width: number, data: Uint8Array }} Grey One channel, row by row; masks hold 0 and 1.
 * @typedef {{ label: number, area: number, top: number, left: number, bottom: number, right: number, mass: number }}
 *   Mark A connected group of mask pixels; the box ends before `bottom` and `right`; `mass` is a weight summed over it.
 */

/**
 * The 8-connected marks of a mask, numbered from 1 in the raster order of their first pixels.
 * @param {Grey} mask
 * @param {Uint8Array} weight summed as the marks' mass
 */
export function marksOf({ height, width, data }, weight) {
  const labels = new Int32Array(height * width);
  const queue = new Int32Array(height * width);
  /** @type {Mark[]} */
  const marks = [];
  for (let seed = 0; seed < data.length; seed++) {
    if (data[seed] === 0 || labels[seed] !== 0) continue;
    const label = marks.length + 1;
    const mark = { label, area: 0, top: height, left: width, bottom: 0, right: 0, mass: 0 };
    let end = 0;
    queue[end++] = seed;
    labels[seed] = label;
    for (let next = 0; next < end; next++) {
      const at = queue[next];
      const y = Math.floor(at / width);
      const x = at - y * width;
      mark.area++;
      mark.mass += weight[at];
      mark.top = Math.min(mark.top, y);
      mark.left = Math.min(mark.left, x);
      mark.bottom = Math.max(mark.bottom, y + 1);
      mark.right = Math.max(mark.right, x + 1);
      for (let v = Math.max(y - 1, 0); v <= Math.min(y + 1, height - 1); v++) {
        for (let u = Math.max(x - 1, 0); u <= Math.min(x + 1, width - 1); u++) {
          const neighbour = v * width + u;
          if (data[neighbour] === 0 || labels[neighbour] !== 0) continue;
          labels[neighbour] = label;
          queue[end++] = neighbour;
        }
      }
    }
    marks.push(mark);
  }
  return { labels, marks };
}

/**
 * Each pixel becomes the largest of those at most `by` rows and columns from it; a mask grows by so much.
 * @param {Grey} grey
 * @param {number} by
 * @returns {Uint8Array}
 */
export function grown({ height, width, data }, by) {
  const result = data.slice();
  for (let y = 0; y < height; y++) growLine(result, y * width, 1, width, by);
  for (let x = 0; x < width; x++) growLine(result, x, width, height, by);
  return result;
}

/**
 * @param {Uint8Array} data changed
 * @param {number} start of a row or column in it
 * @param {number} stride
 * @param {number} count
 * @param {number} by
 */
function growLine(data, start, stride, count, by) {
  const line = new Uint8Array(count + 2 * by);
  for (let i = 0; i < count; i++) line[by + i] = data[start + i * stride];
  const wanted = 2 * by + 1;
  // Each value is the largest of so many from it on.
  for (let length = 1; length < wanted; ) {
    const step = Math.min(length, wanted - length);
    for (let i = 0; i + step < line.length; i++) line[i] = Math.max(line[i], line[i + step]);
    length += step;
  }
  for (let i = 0; i < count; i++) data[start + i * stride] = line[i];
}
