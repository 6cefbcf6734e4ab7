// Draws the figures of a page: fetches plotly's JSON and gives it the page's colours.
import { isDark } from "./theme.js";

const DARKER = { "#0072B2": "#56B4E9", "#D55E00": "#FF8B3D", "#009E73": "#3FCF9F", "#000000": "#FFFFFF" };
const CONFIG = { displayModeBar: false, responsive: true, doubleClick: "reset" };
const ahead = new Map(); // requests for figures that are fetched beside their page, by address
let library;

function plotly() {
  library ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = "/charts/plotly.js";
    script.onload = () => resolve(window.Plotly);
    script.onerror = reject;
    document.head.append(script);
  });
  return library;
}

export function drawAll({ again = false } = {}) {
  return Promise.all([...document.querySelectorAll("figure.chart")].map((chart) => draw(chart, again)));
}

// Fetches the figures that follow this page as they are at another address, while it is fetched.
export function fetchAhead(address) {
  ahead.clear();
  const { pathname, search } = new URL(address, location.href);
  if (pathname !== location.pathname) return;
  for (const chart of document.querySelectorAll("figure.chart[data-follows]")) {
    const figure = chart.dataset.figure.split("?")[0] + search;
    if (figure === chart.dataset.drawn) continue;
    const request = fetch(figure);
    request.catch(() => {}); // who takes it says so
    ahead.set(figure, request);
  }
}

function read(address) {
  const request = ahead.get(address) ?? fetch(address);
  ahead.delete(address); // a response is read once
  return request;
}

async function draw(chart, again) {
  const address = chart.dataset.figure;
  if (!again && chart.dataset.drawn === address) return;
  chart.dataset.drawn = address;
  try {
    const [response, Plotly] = await Promise.all([read(address), plotly()]);
    const text = await response.text();
    if (chart.dataset.figure !== address || !chart.isConnected) return; // another one is wanted by now
    const spec = JSON.parse(isDark() ? recoloured(text) : text);
    if (spec.problem || spec.note) return say(chart, spec.problem || spec.note);
    if (!chart.classList.contains("js-plotly-plot")) chart.replaceChildren();
    await Plotly.react(chart, spec.data, dressed(chart, spec.layout), CONFIG);
    caption(chart, spec.caption);
    if (!chart.dataset.bound) bindPoints(chart);
    chart.dataset.shown = address;
  } catch (error) {
    if (chart.isConnected) say(chart, "The figure cannot be read; is evo view still running?");
  }
}

function recoloured(text) {
  return Object.entries(DARKER).reduce((all, [from, to]) => all.replaceAll(from, to), text);
}

function say(chart, words) {
  if (chart.classList.contains("js-plotly-plot")) window.Plotly.purge(chart);
  delete chart.dataset.bound;
  const paragraph = document.createElement("p");
  paragraph.className = "wait";
  paragraph.textContent = words;
  chart.replaceChildren(paragraph);
  chart.dataset.shown = chart.dataset.figure;
}

function caption(chart, words) {
  const id = `${chart.id}-caption`;
  document.getElementById(id)?.remove();
  if (!words) return;
  const paragraph = document.createElement("p");
  paragraph.id = id;
  paragraph.className = "caption";
  paragraph.textContent = words;
  chart.after(paragraph);
}

function dressed(chart, layout) {
  const style = getComputedStyle(document.documentElement);
  const [ink, line] = [style.getPropertyValue("--ink"), style.getPropertyValue("--line")];
  const axis = { gridcolor: line, zerolinecolor: ink, zerolinewidth: 1, automargin: true };
  const isPhone = chart.clientWidth < 520;
  const isNarrow = isPhone || chart.clientHeight < 300;
  return {
    ...layout,
    xaxis: { ...axis, zeroline: false, ...layout.xaxis, title: { standoff: 8, ...shortened(layout.xaxis.title, isPhone) } },
    yaxis: { ...axis, ...layout.yaxis, title: { standoff: 8, ...shortened(layout.yaxis.title, isNarrow) } },
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { color: ink, size: isNarrow ? 11 : 13, family: "system-ui, sans-serif" },
    margin: { l: 50, r: 15, t: 10, b: 40 },
    legend: isPhone
      ? { orientation: "h", y: -0.3, yanchor: "top", x: 0, font: { size: 10 } }
      : { orientation: "h", y: 1.02, yanchor: "bottom", x: 0 },
    hovermode: "closest",
    hoverlabel: { font: { family: "ui-monospace, monospace", size: 12 } },
    uirevision: chart.id,
  };
}

function shortened(title, isNarrow) {
  return isNarrow ? { ...title, text: (title.text || "").split(":")[0] } : title;
}

// A point that stands for a candidate opens its page.
function bindPoints(chart) {
  chart.dataset.bound = "yes";
  chart.on("plotly_click", ({ points }) => {
    const id = points[0]?.customdata;
    const other = points[0]?.data.meta; // the key of another campaign, where figures show several
    const place = other ? `/c/${encodeURIComponent(other)}/candidate/` : chart.dataset.link;
    if (typeof id === "string" && id) location.assign(place + encodeURIComponent(id));
  });
}
