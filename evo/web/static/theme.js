// Dark or light: as the system has it, or as was chosen last.
import { drawAll } from "./charts.js";

const root = document.documentElement;
const system = matchMedia("(prefers-color-scheme: dark)");

export function isDark() {
  return root.dataset.theme ? root.dataset.theme === "dark" : system.matches;
}

export function toggleTheme() {
  root.dataset.theme = isDark() ? "light" : "dark";
  localStorage.setItem("evo-theme", root.dataset.theme);
  drawAll({ again: true });
}

export function bindTheme() {
  const chosen = localStorage.getItem("evo-theme");
  if (chosen === "dark" || chosen === "light") root.dataset.theme = chosen;
  document.getElementById("theme").addEventListener("click", toggleTheme);
  system.addEventListener("change", () => drawAll({ again: true }));
}
