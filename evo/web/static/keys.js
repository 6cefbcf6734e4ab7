// Keyboard: panes by number, search, rows, pages.
import { toggleTheme } from "./theme.js";

export function bindKeys() {
  const dialog = document.getElementById("keys");
  document.getElementById("help").addEventListener("click", () => dialog.showModal());
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.matches("input, select, textarea")) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    const action = actions(dialog)[event.key] ?? (/^[0-9]$/.test(event.key) ? () => pane(event.key) : null);
    if (action?.() === true) event.preventDefault();
  });
}

function actions(dialog) {
  return {
    "?": () => { dialog.open ? close(dialog) : dialog.showModal(); return true; },
    "/": () => { const search = document.querySelector("input[type=search]"); search?.focus(); return Boolean(search); },
    t: () => { toggleTheme(); return true; },
    j: () => choose(1),
    k: () => choose(-1),
    n: () => follow("a[rel=next]"),
    p: () => follow("a[rel=prev]"),
    Enter: () => {
      const row = document.querySelector("tr.chosen");
      if (row && !document.activeElement.matches("a, button, summary")) { location.assign(row.dataset.href); return true; }
      return false;
    },
  };
}

// The browser may leave the focus on the dialog's own button for a moment, which takes the next key.
function close(dialog) {
  dialog.close();
  if (dialog.contains(document.activeElement)) document.activeElement.blur();
}

function pane(digit) {
  const links = document.querySelectorAll("nav a");
  links[digit === "0" ? 9 : Number(digit) - 1]?.click();
  return true;
}

function choose(step) {
  const rows = [...document.querySelectorAll("tr[data-href]")];
  if (!rows.length) return false;
  const now = rows.findIndex((row) => row.classList.contains("chosen"));
  const next = Math.min(Math.max(now + step, 0), rows.length - 1);
  rows[now]?.classList.remove("chosen");
  rows[next].classList.add("chosen");
  rows[next].scrollIntoView({ block: "nearest" });
  return true;
}

function follow(selector) {
  const link = document.querySelector(selector);
  link?.click();
  return Boolean(link);
}
