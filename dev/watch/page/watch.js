// Draws the values of /events, and sends the buttons' actions. Every number comes from the server.
"use strict";

const ROWS = { hit: "Hit", miss: "Miss", bypass: "Bypass", write: "Write", other: "Other" };
const WIDTH = 256, HEIGHT = 36, BASE = 37;
const DECADES = ["0.1 ms", "1", "10", "100", "1 s", "10 s"];
const $ = (id) => document.getElementById(id);

// Sets text only if it differs, so that a screen reader announces only changes.
function setText(element, text) {
  if (element.textContent !== String(text)) element.textContent = text;
}

function time(ms) {
  if (ms === null) return "–";
  return ms < 1000 ? `${Number(ms.toPrecision(2))} ms` : `${Number((ms / 1000).toPrecision(2))} s`;
}

function svg(name, attributes, parent, text) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text) element.textContent = text;
  return parent.appendChild(element);
}

function cell(row, name, className) {
  const element = document.createElement(name);
  if (className) element.className = className;
  return row.appendChild(element);
}

function chart(parent, labels) {
  const root = svg("svg", { viewBox: `0 0 ${WIDTH} 51`, role: "img" }, parent);
  const bars = svg("path", { class: "bars" }, root);
  svg("path", { class: "axis", d: `M0 ${BASE}.5H${WIDTH}` }, root);
  labels.forEach((label, n) => {
    const last = n === labels.length - 1;
    const anchor = last ? "end" : n ? "middle" : "start";
    svg("text", { x: (WIDTH * n) / (labels.length - 1), y: 49, "text-anchor": anchor }, root, label);
  });
  return { root, bars };
}

// Draws a bar for each number. Every bar above zero is visible.
function draw({ root, bars }, numbers, label) {
  const highest = Math.max(1, ...numbers), width = WIDTH / numbers.length;
  const path = numbers.map((number, n) => {
    if (!number) return "";
    const height = Math.max(2, (HEIGHT * number) / highest);
    return `M${(n * width).toFixed(1)} ${BASE}v-${height.toFixed(1)}h${(width - 1).toFixed(1)}V${BASE}z`;
  });
  bars.setAttribute("d", path.join("") || "M0 0");
  root.setAttribute("aria-label", label);
}

function makeRow([outcome, name]) {
  const row = $("rows").insertRow();
  row.id = `row-${outcome}`;
  const head = cell(row, "th");
  head.scope = "row";
  head.textContent = name;
  const requests = cell(row, "td", "number");
  requests.id = `requests-${outcome}`;
  const places = [cell(row, "td"), cell(row, "td")];
  places.forEach((place) => { place.style.color = `var(--${outcome})`; });
  const [minute, steps] = [chart(places[0], ["60 s ago", "now"]), chart(places[1], DECADES)];
  const [median, p99] = [cell(row, "td", "number"), cell(row, "td", "number")];
  return [outcome, { name, requests, minute, steps, median, p99 }];
}

function showRow(row, outcome) {
  setText(row.requests, outcome.requests);
  setText(row.median, time(outcome.median));
  setText(row.p99, time(outcome.p99));
  draw(row.minute, outcome.minute, `${row.name}: ${outcome.minute[58]} in the last whole second`);
  draw(row.steps, outcome.steps,
    `${row.name}: half within ${time(outcome.median)}, 99 % within ${time(outcome.p99)}`);
}

function showEvents(events) {
  const items = events.map((event) => {
    const item = document.createElement("li");
    const level = cell(item, "span", "level");
    level.textContent = event.level === "INFO" ? "" : event.level;
    const times = event.times > 1 ? ` (${event.times} times)` : "";
    item.prepend(`${event.time} `);
    item.append(`${event.text}${times}`);
    return item;
  });
  if (items.length) $("list").replaceChildren(...items);
}

function showStates({ redis, open_circuits: open, load }) {
  setText($("redis"), redis.answers ? "answers" : "does not answer");
  setText($("whose"), redis.owned ? "the stack's own" : "named by REDIS_HOST, so not changed");
  setText($("circuit"), open ? "open" : "closed");
  $("redis").classList.toggle("alarm", !redis.answers);
  $("circuit").classList.toggle("alarm", open > 0);
  for (const action of ["pause", "resume", "flush"]) {
    button(action).setAttribute("aria-disabled", String(!redis.owned));
  }
  setText($("state"), [
    redis.answers ? "Redis answers" : "Redis does not answer",
    open ? "the circuit is open" : "the circuit is closed",
    load.rate ? `load of ${load.rate} a second` : "no load",
  ].join(", ") + ".");
}

function show(now) {
  showStates(now);
  setText($("ratio"), now.ratio === null ? "–" : `${(100 * now.ratio).toFixed(1)} %`);
  setText($("saved"), now.saved);
  setText($("negative"), now.negative);
  setText($("errors"), now.errors);
  setText($("requests"), now.requests);
  setText($("stale"), now.load.stale);
  setText($("checked"), now.load.checked);
  setText($("late"), now.load.late ? `; ${now.load.late} more late, as promise 3 allows` : "");
  $("stale").classList.toggle("alarm", now.load.stale > 0);
  $("errors").classList.toggle("alarm", now.errors > 0);
  for (const [outcome, row] of rows) showRow(row, now.outcomes[outcome]);
  showEvents(now.events);
}

function button(action) {
  return document.querySelector(`[data-action=${action}]`);
}

async function act(action) {
  const query = action === "load" ? `?rate=${$("rate").value}` : "";
  try {
    const answer = await fetch(`${action}${query}`, { method: "POST" });
    setText($("refusal"), answer.ok ? "" : await answer.text());
  } catch {
    setText($("refusal"), "The stack does not answer");
  }
}

const rows = Object.entries(ROWS).map(makeRow);
for (const each of document.querySelectorAll("[data-action]")) {
  each.addEventListener("click", () => act(each.dataset.action));
}
const events = new EventSource("events");
events.onmessage = (message) => show(JSON.parse(message.data));
events.onerror = () => setText($("state"), "Not connected: the stack has stopped, or is restarting.");
