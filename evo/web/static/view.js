// Starts the page: charts, live updates, keys.
import { drawAll } from "./charts.js";
import { bindKeys } from "./keys.js";
import { listen } from "./live.js";
import { bindForms, bindLinks } from "./swap.js";
import { bindTheme } from "./theme.js";

document.querySelector("nav a[aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" }); // on a phone
bindTheme();
bindForms();
bindLinks();
bindKeys();
drawAll();
listen();
