/** The chat page: from what the person does to the line, and from the line to the page. */

import { Refused, kindOf, shrink, upload } from "./files.js";
import { Line, forget, newId } from "./line.js";
import { Messages } from "./messages.js";
import { Recording, canRecord } from "./voice.js";
import { has, word } from "./words.js";

const LONGEST_WAIT = 25_000;
const TROUBLE_AFTER = 1_500;
const HINT = 8_000;

const at = (id) => document.getElementById(id);
const maxFiles = Number(document.body.dataset.maxFiles);
const maxBytes = Number(document.body.dataset.maxBytes);
const text = at("text");
const uploads = new Map();
let recording = null;
let waiting;
let trouble;

const messages = new Messages(at("log"), at("scroller"), {
  press: (button) => press(button),
  sendPlace: (button) => sendPlace(button),
  retry: (id) => sendFiles(id),
});

const scheme = location.protocol === "https:" ? "wss:" : "ws:";
const line = new Line(`${scheme}//${location.host}/chat/ws`, {
  seen: () => messages.seen,
  history,
  received: (message) => {
    stopWaiting();
    messages.add(message);
  },
  delivered: (id, time) => {
    messages.delivered(id, time);
    if (messages.endsWithOwn) startWaiting();
  },
  failed: (id, code) => messages.failed(id, reason(code), false),
  connected,
  blocked: () => tell("no-cookie"),
});

// -- what comes in ------------------------------------------------------------------

function history(entries) {
  const isFirst = messages.isEmpty;
  if (messages.merge(entries)) stopWaiting();
  at("loading").hidden = true;
  at("welcome").hidden = !messages.isEmpty || line.waiting.size > 0;
  for (const message of line.waiting.values()) {
    if (!messages.find(`own:${message.id}`)) show(message.id, entryOf(message));
  }
  if (isFirst || entries.length) messages.scrollDown();
}

function connected(isConnected) {
  clearTimeout(trouble);
  if (isConnected) tell(null);
  else trouble = setTimeout(() => tell("offline"), TROUBLE_AFTER);
}

/** What is wrong, in a line under the header; nothing when `name` is null. */
function tell(name) {
  at("trouble").textContent = name ? word(name) : "";
  at("trouble").hidden = !name;
}

/** The same, for somebody who will look at it now. */
function hint(name) {
  tell(name);
  setTimeout(() => at("trouble").textContent === word(name) && tell(null), HINT);
}

function startWaiting() {
  at("typing").hidden = false;
  messages.scrollDown();
  clearTimeout(waiting);
  waiting = setTimeout(stopWaiting, LONGEST_WAIT);
}

function stopWaiting() {
  clearTimeout(waiting);
  at("typing").hidden = true;
}

// -- what goes out ------------------------------------------------------------------

function show(id, entry) {
  at("welcome").hidden = true;
  messages.add({ own: id, isNew: true, at: new Date().toISOString(), ...entry });
}

function sendText() {
  const words = text.value.trim();
  if (!words) return;
  show(line.send({ text: words }), { text: words });
  text.value = "";
  written();
}

function press(button) {
  const label = button.textContent;
  const id = line.send({ payload: button.dataset.payload, label });
  show(id, { text: label });
  button.classList.add("pressed");
  if (matchMedia("(hover: hover)").matches) text.focus();
}

function sendPlace(button) {
  button.disabled = true;
  navigator.geolocation.getCurrentPosition(
    ({ coords }) => {
      const place = [coords.latitude, coords.longitude];
      show(line.send({ location: place }), { place: true });
    },
    () => {
      button.disabled = false;
      hint("place-refused");
    },
    { enableHighAccuracy: true, timeout: 15_000 },
  );
}

/** Each five files are a message of their own. */
function take(files) {
  for (let start = 0; start < files.length; start += maxFiles) {
    const some = files.slice(start, start + maxFiles);
    const id = newId();
    uploads.set(id, some);
    const previews = some.map((file) =>
      file.type.startsWith("image/") ? URL.createObjectURL(file) : null,
    );
    show(id, { files: some.map(kindOf), previews });
    sendFiles(id);
  }
}

async function sendFiles(id) {
  const files = uploads.get(id);
  const done = files.map(() => 0);
  const progress = () => {
    const sum = done.reduce((total, part) => total + part, 0);
    const percent = Math.round((100 * sum) / files.length);
    messages.progress(id, word("uploading", { percent }));
  };
  progress();
  try {
    const passes = [];
    for (const [index, file] of files.entries()) {
      passes.push(
        await upload(await shrink(file), maxBytes, (part) => {
          done[index] = part;
          progress();
        }),
      );
    }
    uploads.delete(id);
    messages.progress(id, word("sending"));
    line.send({ files: passes }, id);
  } catch (error) {
    messages.failed(id, reason(error.message), !(error instanceof Refused));
  }
}

const reason = (code) => word(has(code) ? code : "failed");

/** What a message that still waits looks like; a file's pass begins with its kind. */
const entryOf = (message) => ({
  text: message.text ?? message.label,
  files: message.files?.map((pass) => pass.split(".")[0]),
  place: Boolean(message.location),
});

// -- the composer -------------------------------------------------------------------

function written() {
  at("send").disabled = !text.value.trim();
  text.style.height = "auto";
  text.style.height = `${text.scrollHeight + 4}px`;
}

at("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  sendText();
  text.focus();
});

text.addEventListener("input", written);
text.addEventListener("keydown", (event) => {
  // While a Vietnamese word is being composed, Enter belongs to the keyboard.
  const isSend = event.key === "Enter" && !event.shiftKey && !event.isComposing;
  if (!isSend || matchMedia("(pointer: coarse)").matches) return;
  event.preventDefault();
  sendText();
});

for (const button of at("welcome").querySelectorAll("button")) {
  button.addEventListener("click", () => press(button));
}

at("attach").addEventListener("click", () => at("file").click());
at("file").addEventListener("change", () => {
  take([...at("file").files]);
  at("file").value = "";
});
text.addEventListener("paste", (event) => {
  const files = [...event.clipboardData.files];
  if (!files.length) return;
  event.preventDefault();
  take(files);
});

at("record").hidden = !canRecord;
at("record").addEventListener("click", async () => {
  try {
    recording = await Recording.start((seconds) => {
      const rest = String(seconds % 60).padStart(2, "0");
      at("seconds").textContent = `${Math.floor(seconds / 60)}:${rest}`;
    });
    listening(true);
  } catch {
    hint("microphone-refused");
  }
});
at("drop-recording").addEventListener("click", () => endRecording());
at("send-recording").addEventListener("click", async () => take([await endRecording()]));

async function endRecording() {
  listening(false);
  return recording.stop();
}

function listening(isListening) {
  at("seconds").textContent = "0:00";
  at("composer").classList.toggle("listening", isListening);
  at("tools").hidden = isListening;
  at("recording").hidden = !isListening;
  at(isListening ? "send-recording" : "record").focus();
}

// -- the page -----------------------------------------------------------------------

at("open-about").addEventListener("click", () => at("about").showModal?.());
at("close-about").addEventListener("click", () => at("about").close());
at("open-about").hidden = !at("about").showModal;
at("leave").addEventListener("click", async () => {
  const { ok } = await fetch("/chat/leave", { method: "POST" });
  if (!ok) return;
  forget();
  location.replace("/");
});

// Safari lays the keyboard over the page instead of making room for it.
function fit() {
  document.documentElement.style.setProperty("--height", `${visualViewport.height}px`);
  scrollTo(0, 0);
  messages.scrollDown();
}
window.visualViewport?.addEventListener("resize", fit);
