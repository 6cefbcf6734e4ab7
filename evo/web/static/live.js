// Reads the page again when the campaign's files change, while the view runs.
import { show } from "./swap.js";

const PAUSE_MS = 400;

export function listen() {
  const address = document.documentElement.dataset.live;
  if (!address) return;
  const note = document.getElementById("connection");
  const source = new EventSource(address);
  let pending;
  source.addEventListener("news", () => {
    clearTimeout(pending);
    pending = setTimeout(() => show(location.href).catch(() => {}), PAUSE_MS);
  });
  source.addEventListener("open", () => {
    if (!note.hidden) show(location.href).catch(() => {});
    note.hidden = true;
  });
  source.addEventListener("error", () => { note.hidden = false; });
  addEventListener("pagehide", () => source.close());
}
