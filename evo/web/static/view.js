// Starts the page: charts, live updates, keys.
import { drawAll } from "./charts.js";
import { bindKeys } from "./keys.js";
import { listen } from "./live.js";
import { bindForms, bindLinks } from "./swap.js";
import { bindTheme } from "./theme.js";

bindTheme();
bindForms();
bindLinks();
bindKeys();
drawAll();
listen();
