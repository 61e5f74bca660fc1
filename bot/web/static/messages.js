/** The messages on the page: each stands there once, in the order of the talk. */

import { word } from "./words.js";

const ZONE = "Asia/Ho_Chi_Minh";
const clock = new Intl.DateTimeFormat("vi-VN", {
  hour: "2-digit",
  minute: "2-digit",
  hourCycle: "h23",
  timeZone: ZONE,
});
const calendar = new Intl.DateTimeFormat("vi-VN", {
  weekday: "long",
  day: "2-digit",
  month: "2-digit",
  year: "numeric",
  timeZone: ZONE,
});
/**
 * Telephone numbers and the emergency numbers, addresses, codes. The first group is
 * what stands before a number and must not belong to it (older Safari cannot look
 * behind).
 */
const SPECIAL = new RegExp(
  [
    /(^|[^\d.,/-])((?:0|\+84)\d(?:[ .]?\d){7,9}|11[345])(?![\d/-]|[.,]\d)/,
    /(https?:\/\/[^\s<>"]*[^\s<>".,;:!?)\]])/,
    /([A-Z]{2,5}-\d\d-\d{4,}-[A-Z])/,
  ]
    .map((part) => part.source)
    .join("|"),
  "g",
);

export class Messages {
  /** `press(button)`, `sendPlace()`, `retry(id)`: what the person asks for. */
  constructor(log, scroller, actions) {
    this.log = log;
    this.scroller = scroller;
    this.actions = actions;
    this.seen = 0;
  }

  get isEmpty() {
    return !this.log.firstElementChild;
  }

  /** Whether the person said the last word. */
  get endsWithOwn() {
    return Boolean(this.log.lastElementChild?.matches(".own"));
  }

  /** Put in what is missing, each after the message that comes before it. */
  merge(entries) {
    let before = null;
    for (const entry of entries) {
      const known = this.find(keyOf(entry));
      if (known && entry.own) this.delivered(entry.own, entry.at);
      before = known ?? this.insert(this.draw(entry), before);
    }
    this.arrange();
    return entries.length > 0;
  }

  /** One message that has just come. */
  add(entry) {
    if (this.find(keyOf(entry))) return;
    this.insert(this.draw(entry), this.log.lastElementChild);
    this.arrange();
    this.scrollDown();
  }

  delivered(id, at) {
    const element = this.find(`own:${id}`);
    if (!element) return;
    element.dataset.at = at;
    mark(element, `${clock.format(new Date(at))} · ${word("delivered")}`);
  }

  /** The message is on its way again. */
  progress(id, text) {
    const element = this.find(`own:${id}`);
    if (element.classList.contains("failed")) {
      element.classList.remove("failed");
      this.arrange();
    }
    mark(element, text);
  }

  /** The message did not go; `canRetry` offers to send it again. */
  failed(id, reason, canRetry) {
    const element = this.find(`own:${id}`);
    if (!element) return;
    element.classList.add("failed");
    this.arrange();
    const meta = mark(element, reason);
    if (!canRetry) return;
    const retry = make("button", "", word("retry"));
    retry.type = "button";
    retry.onclick = () => this.actions.retry(id);
    meta.append(" ", retry);
  }

  scrollDown() {
    this.scroller.scrollTop = this.scroller.scrollHeight;
  }

  find(key) {
    return this.log.querySelector(`[data-key="${CSS.escape(key)}"]`);
  }

  insert(element, before) {
    if (before) before.after(element);
    else this.log.prepend(element);
    return element;
  }

  draw(entry) {
    const isOwn = Boolean(entry.own);
    const element = make("div", isOwn ? "message own" : "message");
    element.dataset.key = keyOf(entry);
    element.dataset.at = entry.at;
    const bubble = make("div", "bubble");
    bubble.append(make("span", "hidden", `${word(isOwn ? "me" : "them")} `));
    if (entry.files?.length) bubble.append(files(entry));
    if (entry.file) bubble.append(received(entry.file, () => this.grown(element)));
    const text = entry.text || (entry.place && isOwn ? word("place") : "");
    if (text) bubble.append(isOwn ? make("div", "words", text) : linked(text));
    element.append(bubble);
    if (isOwn) {
      const time = clock.format(new Date(entry.at));
      const state = entry.isNew ? word("sending") : `${time} · ${word("delivered")}`;
      element.append(make("div", "meta", state));
    } else {
      this.seen = Math.max(this.seen, entry.id);
      element.append(this.choices(entry));
    }
    return element;
  }

  /** A picture has come: the newest message must not end below the edge. */
  grown(element) {
    if (element === this.log.lastElementChild) this.scrollDown();
  }

  choices({ buttons = [], place }) {
    const box = make("div", "choices");
    for (const { title, payload } of buttons) {
      const button = make("button", "choice", title);
      button.type = "button";
      button.dataset.payload = payload;
      button.onclick = () => this.actions.press(button);
      box.append(button);
    }
    if (place && isSecureContext && navigator.geolocation) {
      const button = make("button", "", word("send-place"));
      button.type = "button";
      button.onclick = () => this.actions.sendPlace(button);
      box.append(button);
    }
    box.hidden = !box.firstElementChild;
    return box;
  }

  /** A button answers the last question only, and only once; days are told apart. */
  arrange() {
    const all = [...this.log.querySelectorAll(".message")];
    const last = all.map(isOurs).lastIndexOf(true);
    const isAnswered = all.slice(last + 1).some((own) => !own.matches(".failed"));
    for (const [index, element] of all.entries()) {
      const box = element.querySelector(".choices");
      if (index < last) box?.remove();
      else for (const button of box?.children ?? []) button.disabled = isAnswered;
    }
    this.tellDays(all);
  }

  tellDays(all) {
    for (const day of this.log.querySelectorAll(".day")) day.remove();
    let last = calendar.format(new Date());
    for (const element of all) {
      const day = calendar.format(new Date(element.dataset.at));
      if (day !== last) element.before(make("p", "day", day));
      last = day;
    }
  }
}

const isOurs = (element) => !element.matches(".own");
const keyOf = (entry) => (entry.own ? `own:${entry.own}` : `our:${entry.id}`);

function files(entry) {
  const box = make("div", "files");
  for (const [index, kind] of entry.files.entries()) {
    const preview = entry.previews?.[index];
    if (preview) {
      const image = make("img");
      image.src = preview;
      image.alt = word(kind);
      box.append(image);
    } else {
      box.append(make("span", "file", word(kind)));
    }
  }
  return box;
}

/** A file of ours: a picture is seen, a sound is heard, all else is saved. */
function received({ kind, name, url }, grown) {
  if (kind === "voice") {
    const sound = make("audio", "received");
    Object.assign(sound, { controls: true, preload: "none", src: url });
    sound.setAttribute("aria-label", word(kind));
    return sound;
  }
  const link = make("a", "received", kind === "photo" ? "" : `${word("save")} ${name}`);
  Object.assign(link, { href: url, download: name });
  if (kind === "photo") {
    const image = make("img");
    Object.assign(image, { src: url, alt: word("photo"), onload: grown });
    link.append(image);
  }
  return link;
}

function mark(element, text) {
  const meta = element.querySelector(".meta");
  meta.textContent = text;
  return meta;
}

/** Our words: numbers and addresses can be tapped, a code is never broken. */
function linked(text) {
  const box = make("div", "words");
  let end = 0;
  for (const match of text.matchAll(SPECIAL)) {
    const [, before = "", number, address, code] = match;
    const start = match.index + before.length;
    const part = code ? make("b", "code", code) : link(number, address);
    box.append(text.slice(end, start), part);
    end = start + part.textContent.length;
  }
  box.append(text.slice(end));
  return box;
}

function link(number, address) {
  const element = make("a", "", number ?? address);
  element.href = address ?? `tel:${number.replace(/[ .]/g, "")}`;
  if (address) Object.assign(element, { target: "_blank", rel: "noopener noreferrer" });
  return element;
}

function make(tag, className = "", text = "") {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text) element.textContent = text;
  return element;
}
