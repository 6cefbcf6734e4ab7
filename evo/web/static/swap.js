// Shows another address without loading the page again: replaces the parts that may differ.
import { drawAll, fetchAhead } from "./charts.js";

const shown = new WeakMap(); // the text that each part was last made of
let latest = 0;

// Without a mode it reads the same address again, and gives way to what the user asks meanwhile.
export async function show(address, { history: mode = "" } = {}) {
  const number = mode ? ++latest : latest;
  const before = location.href;
  if (mode) fetchAhead(address);
  const response = await fetch(address, { headers: { accept: "text/html" } });
  const text = await response.text();
  if (response.redirected && new URL(response.url).pathname !== location.pathname) {
    location.replace(response.url); // as when the campaign that was waited for begins
    return;
  }
  if (number !== latest || (!mode && location.href !== before)) return; // another is wanted by now
  const page = new DOMParser().parseFromString(text, "text/html");
  if (mode) history[mode](null, "", address);
  for (const part of document.querySelectorAll("[data-swap]")) {
    const fresh = page.getElementById(part.id);
    if (fresh) replace(part, fresh);
  }
  await drawAll({ again: !mode });
}

// Charts are kept and drawn again in place, and so is what is open or chosen.
function replace(part, fresh) {
  const text = fresh.innerHTML;
  if (shown.get(part) === text) return;
  shown.set(part, text);
  const open = [...part.querySelectorAll("details")].map((details) => details.open);
  fresh.querySelectorAll("details").forEach((details, place) => {
    if (place < open.length) details.open = open[place];
  });
  const chosen = part.querySelector("tr.chosen")?.dataset.href;
  const kept = new Map(); // charts that stand where they are, since moving one lays it out again
  for (const chart of fresh.querySelectorAll("figure.chart")) {
    const old = part.querySelector(`#${CSS.escape(chart.id)}`);
    if (!old) continue;
    old.dataset.figure = chart.dataset.figure;
    if (old.parentNode === part && chart.parentNode === fresh) kept.set(chart, old);
    else chart.replaceWith(old);
  }
  const standing = new Set(kept.values());
  for (const node of [...part.childNodes]) if (!standing.has(node)) node.remove();
  let next = part.firstChild;
  for (const node of [...fresh.childNodes]) {
    if (kept.has(node)) next = kept.get(node).nextSibling;
    else part.insertBefore(node, next);
  }
  part.className = fresh.className;
  if (chosen) part.querySelector(`tr[data-href="${CSS.escape(chosen)}"]`)?.classList.add("chosen");
}

export function bindForms() {
  for (const form of document.querySelectorAll("form.filters")) {
    let timer;
    let typed = 0;
    const update = (wait) => {
      clearTimeout(timer);
      timer = setTimeout(() => show(addressOf(form), { history: "replaceState" }), wait);
    };
    form.addEventListener("input", (event) => {
      const output = event.target.closest("label")?.querySelector("output");
      if (output) output.value = event.target.value;
      const isTyping = event.target.type === "search" && event.timeStamp - typed < 100;
      if (event.target.type === "search") typed = event.timeStamp;
      update(isTyping ? 50 : 0); // a first letter is searched for at once, a word when it is typed
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      update(0);
    });
  }
}

function addressOf(form) {
  const values = new URLSearchParams();
  for (const [name, value] of new FormData(form)) if (value !== "") values.append(name, value);
  return `${location.pathname}?${values}`;
}

export function bindLinks() {
  document.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    const link = event.target.closest("a[data-show]");
    if (link) {
      event.preventDefault();
      show(link.href, { history: "pushState" });
      return;
    }
    const row = event.target.closest("tr[data-href]");
    const isText = String(getSelection()) || event.target.closest("a, button, summary, details");
    if (row && !isText) location.assign(row.dataset.href);
  });
  addEventListener("popstate", () => show(location.href, { history: "replaceState" }));
}
