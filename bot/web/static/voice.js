/** Speaking instead of writing, where the browser can record. */

const LONGEST = 180;
const KINDS = ["audio/webm;codecs=opus", "audio/mp4", "audio/ogg;codecs=opus"];

export const canRecord = Boolean(
  window.MediaRecorder && navigator.mediaDevices?.getUserMedia,
);

export class Recording {
  /** Begin to listen; rejects when the person or the machine says no. */
  static async start(onSecond) {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    return new Recording(stream, onSecond);
  }

  constructor(stream, onSecond) {
    const mimeType = KINDS.find((kind) => MediaRecorder.isTypeSupported(kind));
    this.recorder = new MediaRecorder(stream, { mimeType, audioBitsPerSecond: 24_000 });
    this.parts = [];
    this.seconds = 0;
    this.recorder.ondataavailable = ({ data }) => this.parts.push(data);
    this.recorder.start();
    this.ticking = setInterval(() => {
      this.seconds += 1;
      onSecond(this.seconds);
      if (this.seconds >= LONGEST) this.pause();
    }, 1000);
  }

  pause() {
    clearInterval(this.ticking);
    if (this.recorder.state === "recording") this.recorder.pause();
  }

  /** Stop listening; what was heard, as a file. */
  async stop() {
    clearInterval(this.ticking);
    const ended = new Promise((done) => (this.recorder.onstop = done));
    this.recorder.stop();
    await ended;
    for (const track of this.recorder.stream.getTracks()) track.stop();
    return new Blob(this.parts, { type: this.recorder.mimeType.split(";")[0] });
  }
}
