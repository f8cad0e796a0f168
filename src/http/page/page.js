// The live page: shows what /v1/status, /v1/live and /v1/customers say, and says so when they say nothing.
const $ = (id) => document.getElementById(id);
const STATUS_EVERY_MS = 1000, FEED_EVERY_MS = 500, ROWS_A_TICK = 3, ROWS = 13, HUES = 8, RATE_OVER_MS = 10000, QUIET_MS = 45000;
const TOKEN = "klantreis.token";

const count = new Intl.NumberFormat();
const share = new Intl.NumberFormat(undefined, { style: "percent", maximumFractionDigits: 1 });
const moment = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });
const year = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });
const day = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });

let models = new Map();   // name → Map of phase → { label, hue }
let shape = "";           // what the phase cards were built for
let connected = false, live = false, listening = null, refused = false;

const el = (tag, cls, text) => {
  const node = document.createElement(tag);
  if (cls) node.className = cls;
  if (text !== undefined) node.textContent = text;
  return node;
};
const set = (node, text) => { if (node.textContent !== text) node.textContent = text; };
const wait = (ms) => new Promise((done) => setTimeout(done, ms));
const time = (text) => (text ? moment.format(new Date(text)) : "–");
const near = (date) => {
  const away = Math.abs(Date.now() - date);
  return (away < 43200000 ? clock : away < 15000000000 ? day : year).format(date);
};
const number = (value) => (value === null || value === undefined ? "–" : count.format(value));

function ask(path, options = {}) {
  const token = sessionStorage.getItem(TOKEN);
  const headers = token ? { Authorization: "Bearer " + token } : {};
  return fetch(path, { ...options, headers, cache: "no-store" });
}

// --- the token ---------------------------------------------------------------------------------------------------
function askForToken() {
  if (sessionStorage.getItem(TOKEN)) {
    sessionStorage.removeItem(TOKEN);
    set($("ask-why"), "That token is not the right one. It is the one that http.token or http.token_file sets.");
  }
  if (!refused) { refused = true; $("ask").hidden = false; $("main").hidden = true; $("token").focus(); }
  state("bad", "token needed");
}
$("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  sessionStorage.setItem(TOKEN, $("token").value.trim());
  $("token").value = "";
  $("ask").hidden = true;
  refused = false;
  refresh();
});

// --- how things stand --------------------------------------------------------------------------------------------
function state(kind, text) { $("state").className = "state " + kind; set($("state"), text); }

function notice(kind, text, progress) {
  $("notice").hidden = !text;
  $("notice").className = "notice " + kind;
  set($("notice-text"), text || "");
  $("notice-bar").hidden = progress === undefined;
  if (progress !== undefined) $("notice-bar").firstElementChild.style.width = 100 * progress + "%";
}

async function refresh() {
  let status;
  try {
    const answer = await ask("v1/status", { signal: AbortSignal.timeout(10000) });
    if (answer.status === 401) return askForToken();
    status = await answer.json();
    if (!answer.ok) return lost(status.error + "\n" + (status.hint || ""));
  } catch {
    return lost("Not connected to the service. Trying again every second; what is below is how it was.");
  }
  connected = true;
  document.body.classList.remove("stale");
  $("main").hidden = false;
  show(status);
  if (!listening) listen();
}

function lost(why) {
  connected = false;
  document.body.classList.toggle("stale", models.size > 0);
  $("main").hidden = false;
  state("bad", "not connected");
  notice("bad", why);
}

function show(status) {
  set($("application"), status.application);
  document.title = status.application + " · klantreis";
  condition(status);
  set($("customers"), number(status.customers));
  set($("lag"), number(status.lag));
  set($("watermark"), status.watermark ? near(new Date(status.watermark)) : "–");
  $("watermark").title = time(status.watermark);
  build(status.models);
  status.models.forEach(counts);
  partitions(status);
  set($("about"), `klantreis ${status.version} · ${status.guarantee.replaceAll("_", " ")} · up ${span(status.uptime_seconds)} ·`);
}

function condition(status) {
  const all = status.partitions, restoring = all.filter((p) => p.state === "restoring");
  const troubles = status.troubles.map((trouble) => trouble[0].toUpperCase() + trouble.slice(1) + ".").join("\n");
  if (restoring.length) {
    const done = all.reduce((sum, p) => sum + p.restored, 0) / all.length;
    state("wait", `restoring ${Math.floor(100 * done)} %`);
    notice("wait", `Restoring ${restoring.length} of ${all.length} partitions. Until that is done the numbers are not complete.\n${troubles}`.trim(), done);
  } else if (!status.ready) {
    state("wait", "not ready");
    notice("wait", troubles || (all.length ? "Not ready yet." : "This process has no partitions yet: waiting for the group to hand them out."));
  } else {
    state("good", live ? "live" : "connected");
    notice("wait", troubles);
  }
}

function span(seconds) {
  const [d, h, m] = [Math.floor(seconds / 86400), Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60];
  return d ? `${d} d ${h} h` : h ? `${h} h ${m} min` : m ? `${m} min` : `${seconds} s`;
}

// --- the phases --------------------------------------------------------------------------------------------------
function build(list) {
  const wanted = JSON.stringify(list.map((m) => [m.model, m.phases.map((p) => [p.phase, p.name])]));
  if (wanted === shape) return;
  shape = wanted;
  models = new Map(list.map((m) => [m.model, new Map(m.phases.map((p, place) => [p.phase, { label: p.name.nl || p.phase, hue: "hue-" + (place % HUES) }]))]));
  $("models").replaceChildren(...list.map((m) => {
    const section = el("section", "model"), heading = el("div", "heading"), phases = el("ol", "phases");
    heading.append(el("h2", "", "Model " + m.model), el("p", "quiet"));
    for (const { label, hue } of models.get(m.model).values()) {
      const card = el("li", hue), bar = el("div", "bar");
      bar.append(el("span"));
      card.append(el("div", "name", label), el("div", "count"), el("div", "share"), bar);
      phases.append(card);
    }
    section.append(heading, phases);
    return section;
  }));
}

function counts(model, place) {
  const section = $("models").children[place];
  const total = model.phases.reduce((sum, phase) => sum + phase.customers, 0);
  set(section.querySelector(".quiet"), total === 0 ? "no customers yet: they appear with their first events" : model.new ? `${number(model.new)} without a phase yet` : "");
  model.phases.forEach((phase, index) => {
    const card = section.querySelector(".phases").children[index], part = total ? phase.customers / total : 0;
    set(card.querySelector(".count"), number(phase.customers));
    set(card.querySelector(".share"), total ? share.format(part) : "–");
    card.querySelector(".bar span").style.width = 100 * part + "%";
  });
}

function chip(model, phase) {
  const known = models.get(model)?.get(phase);
  return el("span", "chip " + (known?.hue || "none"), phase ? known?.label || phase : "new");
}

// --- partitions --------------------------------------------------------------------------------------------------
function partitions(status) {
  const all = status.partitions, inputs = all[0]?.inputs.map((i) => i.input) || [];
  set($("partition-sum"), `${all.length} of ${status.partition_count} here`);
  if (!document.querySelector("details").open) return;
  const row = (tag, cells) => { const tr = el("tr"); tr.append(...cells.map((text) => el(tag, "", text))); return tr; };
  $("partition-head").replaceChildren(row("th", ["partition", "state", "customers", "epoch", "complete until", ...inputs.map((i) => "behind in " + i)]));
  $("partitions").replaceChildren(...all.map((p) => row("td", [
    p.partition, p.state === "ready" ? "ready" : `restoring ${Math.floor(100 * p.restored)} %`, number(p.customers), number(p.epoch),
    time(p.watermark), ...p.inputs.map((i) => number(i.lag)),
  ])));
}
document.querySelector("details").addEventListener("toggle", () => refused || refresh());

// --- transitions and signals as they happen: read with fetch, because an EventSource cannot send the token -------------------
let waiting = [], rates = [], since = 0;

async function listen() {
  const end = new AbortController();
  listening = end;
  let quiet;
  const alive = () => { clearTimeout(quiet); quiet = setTimeout(() => end.abort(), QUIET_MS); };
  try {
    alive();
    const answer = await ask("v1/live", { signal: end.signal });
    if (answer.ok) {
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      for (let text = "", part; !(part = await reader.read()).done;) {
        alive();
        text += part.value;
        const events = text.split("\n\n");
        text = events.pop();
        events.forEach(hear);
      }
    }
  } catch { /* the state above says that it ended */ }
  clearTimeout(quiet);
  live = false;
  await wait(1500);
  listening = null;
}

function hear(block) {
  let name = "", data = "";
  for (const line of block.split("\n")) {
    if (line.startsWith("event:")) name = line.slice(6).trim();
    else if (line.startsWith("data:")) data += line.slice(5);
  }
  if (name === "hello") { live = true; since = Date.now(); rates = []; }
  if (name === "skipped") rates.push([Date.now(), JSON.parse(data).count]);
  if (name === "transition" || name === "signal") {
    rates.push([Date.now(), 1]);
    waiting.push(JSON.parse(data));
    if (waiting.length > ROWS) waiting.shift();
  }
}

function tick() {
  const now = Date.now();
  rates = rates.filter(([at]) => now - at < RATE_OVER_MS);
  const rate = rates.reduce((sum, [, n]) => sum + n, 0) / (Math.min(RATE_OVER_MS, Math.max(1000, now - since)) / 1000);
  set($("rate"), live ? (rate < 10 ? rate.toFixed(1).replace(/\.0$/, "") : number(Math.round(rate))) : "–");
  const held = $("feed").matches(":hover, :focus");
  set($("feed-note"), !connected || !live ? "not connected" : held ? "paused while you look" : rate > 2 * ROWS_A_TICK ? "too many to show them all" : "");
  if (held || document.hidden) return;
  const fresh = waiting.splice(-ROWS_A_TICK).map(row).reverse();
  if (rate > 2 * ROWS_A_TICK) waiting = [];
  $("feed").prepend(...fresh);
  while ($("feed").children.length > ROWS) $("feed").lastElementChild.remove();
  $("feed-empty").hidden = $("feed").children.length > 0;
}

function row(told) {
  const { model, customer, from, to, at, cause, signal, phase } = told;
  const item = el("li", "fresh " + (models.get(model)?.get(signal ? phase : to)?.hue || "")), when = el("time", "quiet"), move = el("span", "move");
  const date = new Date(at);
  when.dateTime = at;
  when.title = moment.format(date);
  when.textContent = near(date);
  const who = el("button", "link", customer);
  who.title = "Look up " + customer;
  who.addEventListener("click", () => { look(customer); $("find").scrollIntoView({ block: "nearest" }); });
  if (signal) move.append(el("span", "flag", signal.replaceAll("_", " ")), el("span", "quiet", "in"), chip(model, phase));
  else move.append(chip(model, from), el("span", "quiet", "→"), chip(model, to));
  const why = el("span", "quiet cause", (cause === "timer" ? "time went by" : cause.replaceAll("_", " ")) + (models.size > 1 ? " · " + model : ""));
  why.title = told.rule ? "rule " + told.rule : "";
  item.append(when, who, move, why);
  return item;
}

// --- one customer ------------------------------------------------------------------------------------------------
let looking = "";

$("find").addEventListener("submit", (event) => { event.preventDefault(); look($("id").value.trim()); });

function look(id) {
  looking = id;
  $("id").value = id;
  history.replaceState(null, "", "#" + encodeURIComponent(id));
  lookAgain();
}

async function lookAgain() {
  const id = looking;
  if (!id || refused) return;
  let shown;
  try {
    const path = "v1/customers/" + encodeURIComponent(id), within = { signal: AbortSignal.timeout(10000) };
    const [answer, why] = await Promise.all([ask(path, within), ask(path + "/explain", within)]);
    if (answer.status === 401) return askForToken();
    const [body, ways] = await Promise.all([answer.json(), why.json()]);
    shown = answer.ok ? person(body, why.ok ? ways.models : []) : el("p", "problem", unknown(answer.status, body));
  } catch {
    shown = el("p", "problem", "Not connected to the service.");
  }
  if (id === looking && $("found").textContent !== shown.textContent) $("found").replaceChildren(shown);
}

function unknown(status, { error, partition }) {
  if (status === 404 && partition !== undefined) return `Nobody of that name is in partition ${partition}, where they would be.`;
  if (status === 421) return `That customer belongs to partition ${partition}, which another process has. Ask there.`;
  if (status === 503 && partition !== undefined) return `Partition ${partition} is still being restored. This page keeps asking.`;
  return error;
}

function person(found, explained) {
  const box = el("div"), heading = el("div", "heading");
  heading.append(el("h3", "", found.customer), el("span", "quiet", `partition ${found.partition}, ${found.committed ? "committed" : "not committed yet"}`));
  box.append(heading);
  if (found.variant) box.append(el("p", "quiet", `shown the variant “${found.variant}”`));
  // Shadows are for those who compare, at /v1/shadow.
  const active = found.models.filter((state) => models.has(state.model));
  box.append(...active.map((state) => trip(state, explained.find((one) => one.model === state.model)?.ways || [])));
  return box;
}

function trip(state, ways) {
  const part = el("div", "trip"), heading = el("div", "heading"), facts = el("dl");
  heading.append(chip(state.model, state.phase), el("span", "quiet", state.model));
  const fact = (name, value) => { facts.append(el("dt", "", name), el("dd", "", value)); };
  fact("In this phase since", time(state.since));
  fact("Last event", time(state.last));
  fact("First seen", time(state.first_seen));
  fact("Transitions", number(state.seq));
  for (const [name, value] of Object.entries(state.counters)) fact(name, number(value));
  if (state.next_timer) fact("Next by itself", `${time(state.next_timer.due)} (${state.next_timer.rule})`);
  for (const { due, signal } of state.awaited || []) fact("To be told", `${time(due)} (${signal})`);
  part.append(heading, facts);
  if (ways.length) part.append(el("p", "quiet", "What is missing for each way on"), ...ways.map((one) => way(state.model, one)));
  return part;
}

function way(model, { to, rule, missing, due }) {
  const line = el("p", "way");
  line.title = "rule " + rule;
  line.append(chip(model, to), el("span", "", due ? `${missing}, ${time(due)}` : missing));
  return line;
}

// --- begin -------------------------------------------------------------------------------------------------------
async function follow() {
  for (let turn = 0; ; turn += 1) {
    if (!document.hidden && !refused) {
      await refresh();
      if (turn % 2 === 0) await lookAgain();
    }
    await wait(STATUS_EVERY_MS);
  }
}
setInterval(tick, FEED_EVERY_MS);
try { if (location.hash.length > 1) $("id").value = looking = decodeURIComponent(location.hash.slice(1)); } catch { /* no id that can be read */ }
follow();
