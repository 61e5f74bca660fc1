// The console works without this; it only saves officers some taps.

const EVERY = 20_000;

// The one-time token stands behind "#", which no server and no log ever sees.
const invitation = document.getElementById("invitation");
if (invitation && location.hash.length > 1) {
  invitation.elements.token.value = location.hash.slice(1);
  history.replaceState(null, "", location.pathname);
}

const alerts = document.getElementById("alerts");

function shown() {
  return alerts.firstElementChild;
}

function markTitle() {
  const bare = document.title.replace(/^\(\d+!\) /, "");
  const open = shown().dataset.open;
  document.title = open === "0" ? bare : `(${open}!) ${bare}`;
}

async function lookAgain() {
  const answer = await fetch(alerts.dataset.from, { cache: "no-store" });
  if (answer.redirected) {
    location.reload(); // the log-in has ended
    return;
  }
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.body.firstElementChild;
  if (fresh.dataset.version === shown().dataset.version) return;
  const wasOpen = alerts.querySelector("details")?.open;
  alerts.replaceChildren(fresh);
  const taken = alerts.querySelector("details");
  if (taken && wasOpen) taken.open = true;
  markTitle();
}

if (alerts) {
  markTitle();
  setInterval(() => lookAgain().catch(() => {}), EVERY);
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) lookAgain().catch(() => {});
  });
}

for (const select of document.querySelectorAll("[data-fills]")) {
  const target = document.getElementById(select.dataset.fills);
  select.addEventListener("change", () => {
    target.value = select.selectedOptions[0].dataset.unit;
  });
}

for (const button of document.querySelectorAll("[data-copies]")) {
  const field = document.getElementById(button.dataset.copies);
  field.addEventListener("focus", () => field.select());
  button.addEventListener("click", async () => {
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
    } catch {
      document.execCommand("copy"); // pages without TLS have no clipboard
    }
    button.textContent = button.dataset.copied;
  });
}

addEventListener("beforeprint", () => {
  for (const folded of document.querySelectorAll("main details:has(table)")) {
    folded.open = true;
  }
});
