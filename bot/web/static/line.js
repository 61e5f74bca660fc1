/**
 * The line to the office: what is put on it arrives once and in order, however often
 * the network goes away. A message stays in `waiting` (which survives a reload) until
 * the server says that it is written down.
 */

const PATIENCE = 10_000;
const PAUSE_WHEN_BUSY = 3_000;
const PATIENT_TRIES = 4;
const LONGEST_PAUSE = 30_000;
const NO_COOKIE = 4401;
const STORE = "kiennghi-waiting";
const TRY_AGAIN = ["slow_down", "try_later"];

export class Line {
  /**
   * `page` is told what happens: `history(entries)`, `received(message)`,
   * `delivered(id, at)`, `failed(id, code)`, `connected(isConnected)`, `blocked()`;
   * and asked `seen()`.
   */
  constructor(address, page) {
    this.address = address;
    this.page = page;
    this.waiting = new Map(restore());
    this.failures = 0;
    this.hangUp();
    addEventListener("online", () => this.reconnect());
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) this.check();
    });
    this.connect();
  }

  /** Put a message on the line; returns the id it goes under. */
  send(message, id = newId()) {
    this.waiting.set(id, { id, seen: this.page.seen(), ...message });
    this.changed();
    this.pump();
    return id;
  }

  connect() {
    clearTimeout(this.again);
    const socket = new WebSocket(this.address);
    const isMine = () => socket === this.socket;
    socket.onopen = () => isMine() && this.greet();
    socket.onmessage = ({ data }) => isMine() && this.take(JSON.parse(data));
    socket.onclose = ({ code }) => isMine() && this.lost(code);
    this.socket = socket;
  }

  reconnect() {
    if (this.isBlocked) return;
    this.failures = 0;
    this.hangUp();
    this.connect();
  }

  /** A page that was in the background may hold a line that is long dead. */
  check() {
    if (this.socket?.readyState === WebSocket.OPEN) this.greet();
    else this.reconnect();
  }

  greet() {
    this.transmit({ hello: true, seen: this.page.seen() });
  }

  /** Every frame is answered by one; if that takes too long, the line is dead. */
  transmit(frame) {
    this.socket.send(JSON.stringify(frame));
    this.unanswered += 1;
    this.patience ??= setTimeout(() => this.lost(), PATIENCE);
  }

  answered() {
    this.unanswered -= 1;
    clearTimeout(this.patience);
    this.patience =
      this.unanswered > 0 ? setTimeout(() => this.lost(), PATIENCE) : null;
  }

  hangUp() {
    const { socket } = this;
    this.socket = null;
    socket?.close();
    clearTimeout(this.patience);
    this.patience = null;
    this.unanswered = 0;
    this.isReady = false;
    this.onItsWay = null;
  }

  lost(code) {
    this.hangUp();
    if (code === NO_COOKIE) {
      this.isBlocked = true;
      this.page.blocked();
      return;
    }
    this.page.connected(false);
    const pause = Math.min(1000 * 2 ** this.failures, LONGEST_PAUSE);
    this.failures += 1;
    clearTimeout(this.again);
    this.again = setTimeout(() => this.connect(), pause * (0.75 + Math.random() / 2));
  }

  take(frame) {
    if (frame.text !== undefined) {
      this.page.received(frame);
      return;
    }
    this.answered();
    if (frame.history) this.welcomed(frame.history);
    else if (frame.ack) this.arrived(frame);
    else this.refused(frame);
  }

  welcomed(history) {
    this.failures = 0;
    this.page.history(history);
    if (!this.isReady) {
      this.isReady = true;
      this.page.connected(true);
    }
    this.pump();
  }

  arrived({ ack: id, at }) {
    this.settled(id, () => this.page.delivered(id, at));
  }

  settled(id, tell) {
    this.onItsWay = null;
    this.waiting.delete(id);
    this.changed();
    tell();
    this.pump();
  }

  refused({ error, ack_not: id }) {
    if (TRY_AGAIN.includes(error)) this.pause(id);
    else if (this.waiting.has(id)) this.settled(id, () => this.page.failed(id, error));
  }

  pause(id) {
    if (id === this.onItsWay) this.onItsWay = null;
    this.letOthersPass(id);
    this.isPausing = true;
    setTimeout(() => {
      this.isPausing = false;
      if (this.isReady) this.pump();
      else if (this.socket?.readyState === WebSocket.OPEN) this.greet();
    }, PAUSE_WHEN_BUSY);
  }

  /** A message that is refused again and again must not stop those after it. */
  letOthersPass(id) {
    const message = this.waiting.get(id);
    if (!message) return;
    message.tries = (message.tries ?? 0) + 1;
    if (message.tries % PATIENT_TRIES) return;
    this.waiting.delete(id);
    this.waiting.set(id, message);
  }

  /** One message at a time, so that a refusal does not change their order. */
  pump() {
    if (!this.isReady || this.isPausing || this.onItsWay) return;
    const [next] = this.waiting.values();
    if (!next) return;
    this.onItsWay = next.id;
    this.transmit(next);
  }

  changed() {
    try {
      sessionStorage.setItem(STORE, JSON.stringify([...this.waiting]));
    } catch {
      // Private windows may keep nothing; the open page still does.
    }
  }
}

/** A random UUID, also where `crypto.randomUUID` is missing (plain HTTP). */
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** Nothing of what waits is left on this machine. */
export function forget() {
  sessionStorage.removeItem(STORE);
}

function restore() {
  try {
    return JSON.parse(sessionStorage.getItem(STORE)) ?? [];
  } catch {
    return [];
  }
}
