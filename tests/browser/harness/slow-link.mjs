/**
 * A network link of a given speed in front of a server: every byte of every connection passes it, also those that
 * workers and service workers ask for, which DevTools' emulation leaves out.
 */

import { connect, createServer } from "node:net";

/** @typedef {{name: string, megabits: number, roundTrip: number}} Speed megabits a second, and milliseconds */

/** What browsers' tools call by these names. @type {Record<"4g" | "3g", Speed>} */
export const SPEEDS = {
  "4g": { name: "Fast 4G", megabits: 9, roundTrip: 170 },
  "3g": { name: "Slow 3G", megabits: 0.4, roundTrip: 400 },
};

const CHUNK = 4096;
/** How much of a connection's data may wait for the link: others must get their turn. */
const AHEAD_MS = 20;

/** @param {number} time of `performance.now()` */
async function until(time) {
  const wait = time - performance.now();
  if (wait > 0.5) await new Promise((resolve) => setTimeout(resolve, wait));
}

/**
 * @param {number} target port of the server on this machine
 * @param {Speed} speed
 */
export async function slowLink(target, { megabits, roundTrip }) {
  const bytesPerMs = (megabits * 1e6) / 8 / 1000;
  let down = 0;
  let cut = false;
  /** When the link has sent all that it was given. */
  let free = 0;
  /** @type {Set<import("node:net").Socket>} */
  const sockets = new Set();

  /**
   * What comes from one socket goes to the other when the link has carried it, in its order.
   *
   * @param {import("node:net").Socket} from
   * @param {import("node:net").Socket} to
   * @param {boolean} shared whether all connections share the speed; upwards little is sent
   */
  async function carry(from, to, shared) {
    let last = Promise.resolve();
    try {
      for await (const data of from) {
        for (let at = 0; at < data.length; at += CHUNK) {
          const part = data.subarray(at, at + CHUNK);
          const now = performance.now();
          if (shared) free = Math.max(free, now) + part.length / bytesPerMs;
          const sent = shared ? free : now;
          last = last.then(async () => {
            await until(sent + roundTrip / 2);
            if (shared) down += part.length;
            if (!to.destroyed) to.write(part);
          });
          if (sent - now > AHEAD_MS) await until(sent - AHEAD_MS);
        }
      }
      last.then(() => to.end());
    } catch {
      to.destroy();
    }
  }

  const server = createServer((client) => {
    if (cut) {
      client.destroy();
      return;
    }
    const upstream = connect(target, "127.0.0.1");
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on("error", () => socket.destroy());
      socket.on("close", () => sockets.delete(socket));
    }
    carry(client, upstream, false);
    carry(upstream, client, true);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(null)));
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  return {
    port,
    /** Bytes that have come down the link. */
    get bytes() {
      return down;
    },
    /** No network from now on. */
    cut() {
      cut = true;
      for (const socket of sockets) socket.destroy();
    },
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(resolve);
      }),
  };
}
