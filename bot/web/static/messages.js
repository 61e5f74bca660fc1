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
 * Addresses, telephone numbers, and the emergency numbers; the first group is what
 * stands before a number and must not belong to it (older Safari cannot look behind).
 */
const LINK =
  /(^|[^\d.,/-])((?:0|\+84)\d(?:[ .]?\d){7,9}|11[345])(?![\d/-]|[.,]\d)|(https?:\/\/[^\s<>"]*[^\s<>".,;:!?)\]])/g;

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

  delivered(id, at = new Date().toISOString()) {
    const element = this.find(`own:${id}`);
    if (!element) return;
    element.dataset.at = at;
    element.classList.remove("failed");
    mark(element, `${clock.format(new Date(at))} · ${word("delivered")}`);
  }

  progress(id, text) {
    const element = this.find(`own:${id}`);
    element.classList.remove("failed");
    mark(element, text);
  }

  /** The message did not go; `canRetry` offers to send it again. */
  failed(id, reason, canRetry) {
    const element = this.find(`own:${id}`);
    if (!element) return;
    element.classList.add("failed");
    const meta = mark(element, reason);
    if (!canRetry) return;
    const retry = make("button", "", word("retry"));
    retry.type = "button";
    retry.onclick = () => this.actions.retry(id);
    meta.append(" ", retry);
  }

  /** Buttons of what was asked before do not answer what is asked now. */
  retire(pressed) {
    for (const button of this.log.querySelectorAll(".choices button")) {
      button.disabled = true;
    }
    pressed?.classList.add("pressed");
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
    const isOurs = !entry.own;
    const element = make("div", isOurs ? "message" : "message own");
    element.dataset.key = keyOf(entry);
    element.dataset.at = entry.at;
    const bubble = make("div", "bubble");
    bubble.append(make("span", "hidden", `${word(isOurs ? "them" : "me")} `));
    if (entry.files?.length) bubble.append(files(entry));
    const text = entry.text || (entry.place && !isOurs ? word("place") : "");
    if (text) bubble.append(isOurs ? linked(text) : make("div", "words", text));
    element.append(bubble);
    if (isOurs) {
      this.seen = Math.max(this.seen, entry.id);
      element.append(this.choices(entry));
    } else {
      element.append(make("div", "meta", word("sending")));
      if (!entry.isNew) {
        mark(element, `${clock.format(new Date(entry.at))} · ${word("delivered")}`);
      }
    }
    return element;
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

  /** Only what was asked last can be answered by a button; days are told apart. */
  arrange() {
    const all = [...this.log.querySelectorAll(".message")];
    for (const [index, element] of all.entries()) {
      if (index < all.length - 1) this.close(element, all.slice(index + 1));
    }
    for (const day of this.log.querySelectorAll(".day")) day.remove();
    let last = calendar.format(new Date());
    for (const element of all) {
      const day = calendar.format(new Date(element.dataset.at));
      if (day !== last) element.before(make("p", "day", day));
      last = day;
    }
  }

  close(element, later) {
    const box = element.querySelector(".choices");
    if (!box) return;
    if (later.some((next) => !next.classList.contains("own"))) box.remove();
    else for (const button of box.children) button.disabled = true;
  }
}

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

function mark(element, text) {
  const meta = element.querySelector(".meta");
  meta.textContent = text;
  return meta;
}

function linked(text) {
  const box = make("div", "words");
  let end = 0;
  for (const { index, 1: before = "", 2: number, 3: address } of text.matchAll(LINK)) {
    const start = index + before.length;
    const link = make("a", "", number ?? address);
    link.href = address ?? `tel:${number.replace(/[ .]/g, "")}`;
    if (address) Object.assign(link, { target: "_blank", rel: "noopener noreferrer" });
    box.append(text.slice(end, start), link);
    end = start + link.textContent.length;
  }
  box.append(text.slice(end));
  return box;
}

function make(tag, className = "", text = "") {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text) element.textContent = text;
  return element;
}
