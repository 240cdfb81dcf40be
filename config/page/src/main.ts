import { ask, Json, Refusal } from "./api";
import { explanations, language, list, subjects } from "./explain";
import { bytes, byId, clock, count, el, millis, pairs, seconds, table, toast, Child } from "./dom";
import { TrafficMap } from "./map";

const state = {
  status: {} as Json, workloads: [] as Json[], edges: [] as Json[], events: [] as Json[], flows: {} as Json, rules: {} as Json,
  view: "map", time: 0, totals: new Map<string, number>(), before: {} as Json, failure: "", selected: "" as string,
};
const VIEWS: [string, string, () => void][] = [["map", "Map", showMap], ["events", "Timeline", showEvents], ["workloads", "Workloads", showWorkloads], ["flows", "Flows", showFlows], ["rules", "Rules", showRules], ["whatif", "What if", showWhatif], ["learn", "Explanations", showExplanations]];
let map: TrafficMap | null = null;
const mayAct = () => state.status.role === "operator";
const message = (e: unknown) => (e instanceof Refusal ? e.message + (e.hint ? ` (${e.hint})` : "") : String(e));

// --- theme ---
const THEMES = ["auto", "light", "dark"] as const;
function theme(next = false) {
  let at = Math.max(0, THEMES.indexOf((localStorage.getItem("theme") ?? "auto") as any));
  if (next) localStorage.setItem("theme", THEMES[(at = (at + 1) % THEMES.length)]);
  const dark = THEMES[at] === "dark" || (THEMES[at] === "auto" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  byId("theme").textContent = { auto: "◐ Auto", light: "☀ Light", dark: "☾ Dark" }[THEMES[at]];
  map?.draw();
}

// --- head ---
function showHead() {
  const s = state.status, capture = s.capture ?? {}, events = s.events ?? {}, old = state.before.capture ?? {};
  const dt = (s.time - state.before.time) / 1000;
  const rate = (name: string) => (dt > 0 && old[name] !== undefined ? Math.max(0, (capture[name] - old[name]) / dt) : 0);
  const figure = (name: string, value: string, bad = false) => el("div", {}, el("dt", {}, name), el("dd", { class: bad ? "is-bad" : undefined }, value));
  byId("figures").replaceChildren(
    figure("", `${bytes(rate("bytes"))}/s`), figure("packets/s", count(rate("packets"))), figure("flows", count(s.flows?.active ?? 0)),
    figure("lost", count(capture.lost ?? 0), capture.lost > 0), figure("alerts", count(events.alerts ?? 0), events.alerts > 0),
    figure("denied", count(events.denied ?? 0)), figure("blocks", count(events.blocks ?? 0)));
  const problems: Json[] = s.problems ?? [], health = byId("health");
  health.className = state.failure ? "is-bad" : problems.length ? "is-warn" : "is-good";
  health.textContent = state.failure ? `● ${state.failure}` : problems.length ? `● ${problems.length} problem${problems.length > 1 ? "s" : ""}` : "● Nothing is wrong";
}
function showHealth() {
  const s = state.status, g = s.generation ?? {}, problems: Json[] = s.problems ?? [];
  dialog(problems.length ? "What is wrong" : "Nothing is wrong", [
    problems.length ? el("ul", {}, ...problems.map((p) => el("li", {}, p.text, el("br"), el("small", { style: "color:var(--soft)" }, p.hint)))) : null,
    pairs([["up", seconds(s.uptime_seconds ?? 0)], ["generation", `${g.number}: ${count(g.signatures)} signatures, ${count(g.policies)} policies`], ["reads", (s.capture?.interfaces ?? []).join(", ")], ["inline", s.capture?.inline], ["bridged traffic", s.enforcement?.bridged_traffic], ["response", s.enforcement?.response], ["you are", s.role], ["version", s.version]]),
  ], [{ name: "Close" }]);
}

// --- dialogs ---
function dialog(title: string, content: Child[], actions: { name: string; class?: string; run?: () => Promise<void> | void }[]) {
  const d = byId("dialog") as HTMLDialogElement;
  const buttons = actions.map((a) => el("button", { type: "button", class: a.class, onclick: async (event: Event) => {
    const button = event.currentTarget as HTMLButtonElement;
    button.disabled = true;
    try { await a.run?.(); d.close(); } catch (e) { toast(message(e)); button.disabled = false; }
  } }, a.name));
  d.replaceChildren(el("h2", { id: "dialog-title" }, title), ...content.filter((c) => c !== null && c !== undefined && c !== false) as any[], el("div", { class: "actions" }, ...buttons));
  if (!d.open) d.showModal();
  (d.querySelector("input, .actions button") as HTMLElement)?.focus();
}
function quarantine(name: string) {
  const ttl = el("select", { id: "ttl" }, ...[["600", "10 minutes"], ["3600", "1 hour"], ["21600", "6 hours"], ["86400", "1 day"]].map(([v, t]) => el("option", { value: v, selected: v === "3600" }, t))) as HTMLSelectElement;
  const reason = el("input", { type: "text", id: "reason", placeholder: "kept with the block, shown to others" }) as HTMLInputElement;
  dialog(`Quarantine ${name}?`, [
    el("p", {}, "Nothing that it sends passes, open connections included, until the time is over or somebody releases it. Other workloads are not touched."),
    el("div", { class: "field" }, el("label", { for: "ttl" }, "For"), ttl), el("div", { class: "field" }, el("label", { for: "reason" }, "Reason"), reason),
  ], [{ name: "Cancel" }, { name: "Quarantine", class: "danger", run: async () => {
    const done = await ask("quarantine", { workload: name, ttl: Number(ttl.value), reason: reason.value || "by hand, from the page" });
    toast(`${done.workload} is cut off`); void showWorkload(name);
  } }]);
}
function release(name: string) {
  dialog(`Release ${name}?`, [el("p", {}, "What it sends passes again, as far as the policies allow.")], [{ name: "Cancel" }, { name: "Release", class: "primary", run: async () => { await ask("release", { workload: name }); toast(`${name} is released`); void showWorkload(name); } }]);
}

// --- details ---
function detail(title: string, ...content: Child[]) {
  const d = byId("detail");
  d.replaceChildren(el("button", { class: "close", "aria-label": "Close details", onclick: closeDetail }, "×"), el("h2", { tabindex: -1 }, title), ...content.filter((c) => c !== null && c !== undefined && c !== false).map((c) => (c instanceof Node ? c : document.createTextNode(String(c)))));
  d.hidden = false;
  document.querySelector("main")!.classList.add("has-detail");
  (d.querySelector("h2") as HTMLElement).focus();
}
function closeDetail() {
  shown++;
  byId("detail").hidden = true;
  document.querySelector("main")!.classList.remove("has-detail");
  state.selected = "";
  if (map) { map.selected = ""; map.draw(); }
  byId("views").focus();
}
const kind = (e: Json) => el("span", { class: `kind ${e.event_type}` }, e.event_type === "drop" ? (e.audit ? "AUDIT" : "DENIED") : e.event_type.toUpperCase());
const what = (e: Json) => (e.event_type === "alert" ? e.signature : e.event_type === "incident" ? `${e.severity}: ${e.text}` : e.event_type === "drop" ? e.rule || e.signature || e.reason : `${e.action} ${e.kind}: ${e.reason}`);
const service = (e: Json) => [e.proto, e.port ?? e.dest_port].filter((x) => x !== undefined).join("/") + (e.app_proto ? ` ${e.app_proto}` : "");
const eventRows = (list: Json[]) => list.map((e) => ({ cells: [clock(e.timestamp), kind(e), `${e.source} → ${e.destination}`, what(e)] as Child[], open: () => void showEvent(e.sequence) }));

// What was asked for last is shown, whatever answers last.
let shown = 0;
async function showWorkload(name: string) {
  const mine = ++shown;
  state.selected = name;
  if (map) { map.selected = name; map.draw(); }
  const w = state.workloads.find((x) => x.name === name) ?? { name };
  let events: Json[] = [], blocked = false;
  try {
    const [list, blocks] = await Promise.all([ask("events", { end: name, limit: 12 }), ask("blocks.list")]);
    events = list.events; blocked = blocks.blocks.some((b: Json) => b.kind === "source" && b.source === name);
  } catch (e) { toast(message(e)); }
  if (mine !== shown) return;
  const edges = state.edges.filter((e) => e.source === name || e.destination === name).sort((a, b) => b.alerts - a.alerts || b.denied - a.denied || b.bytes_to_client + b.bytes_to_server - a.bytes_to_client - a.bytes_to_server);
  detail(name,
    blocked ? el("p", { class: "is-bad" }, "In quarantine: nothing that it sends passes.") : null,
    w.labels ? el("div", { class: "labels" }, ...Object.entries(w.labels).map(([k, v]) => el("span", {}, `${k}=${v}`))) : null,
    pairs([["addresses", (w.addresses ?? []).join(", ")], ["networks", (w.networks ?? []).join(", ")], ["interface", w.interface], ["in", bytes(w.bytes_in ?? 0)], ["out", bytes(w.bytes_out ?? 0)], ["flows", count(w.flows_active ?? 0)], ["denied", count(w.denied ?? 0)], ["alerts", count(w.alerts ?? 0)]]),
    w.kind === "workload" && mayAct() ? (blocked ? el("button", { id: "release", onclick: () => release(name) }, "Release…") : el("button", { id: "quarantine", class: "danger", onclick: () => quarantine(name) }, "Quarantine…")) : null,
    el("h3", {}, "Talks to"),
    edges.length ? table([{ name: "with" }, { name: "service" }, { name: "bytes", number: true }], edges.slice(0, 40).map((e) => ({ cells: [el("span", { class: e.alerts ? "is-bad" : e.denied ? "is-warn" : undefined }, e.source === name ? `→ ${e.destination}` : `← ${e.source}`), service(e), bytes(e.bytes_to_server + e.bytes_to_client)], open: () => void showEdge(e) }))) : el("p", { style: "color:var(--soft)" }, "nobody yet"),
    events.length ? el("h3", {}, "Last events") : null,
    events.length ? table([{ name: "time" }, { name: "" }, { name: "between", wide: true }, { name: "what", wide: true }], eventRows(events.reverse()), "stack") : null);
}

async function showEdge(e: Json) {
  const mine = ++shown;
  let explained: Json[] = [], why = "";
  const proto = String(e.proto ?? "").toLowerCase();
  const sample = state.events.find((x) => x.source === e.source && x.destination === e.destination && x.dest_port === e.port);
  if (proto === "tcp" || proto === "udp") {
    const end = (name: string, ip?: string) => (/^(world|any|\(others\))$/.test(name) ? ip : name);
    const from = end(e.source, sample?.src_ip), to = end(e.destination, sample?.dest_ip);
    try { if (from && to) explained = (await ask("explain", { from, to, port: `${proto}/${e.port}` })).explanations; } catch (error) { why = message(error); }
  }
  const flows = await ask("flows", { end: e.source, limit: 400 }).catch(() => ({ flows: [] as Json[] }));
  const live = flows.flows.filter((f: Json) => f.source === e.source && f.destination === e.destination && (e.port === undefined || f.dest_port === e.port));
  if (mine !== shown) return;
  detail(`${e.source} → ${e.destination}`,
    pairs([["service", service(e)], ["flows", `${count(e.flows)}, ${count(e.active)} active`], ["to server", bytes(e.bytes_to_server)], ["to client", bytes(e.bytes_to_client)], ["denied", e.denied ? count(e.denied) : ""], ["alerts", e.alerts ? count(e.alerts) : ""]]),
    el("h3", {}, "Why it is allowed or denied"),
    ...explained.map((x) => el("div", {}, pairs([["verdict", x.action], ["rule", x.rule], ["place", x.place]]), el("pre", {}, x.text))),
    why || !explained.length ? el("p", { style: "color:var(--soft)" }, why || "the policies do not judge it") : null,
    explained.some((x) => x.action === "deny") ? explanations(["denied"], false) : null,
    live.length ? el("h3", {}, "Live flows") : null,
    live.length ? flowTable(live) : null);
}

// What detectors said, the last first; a row leads to the events of its flow.
function evidence(incident: Json | undefined): Child[] {
  const list: Json[] = [...(incident?.evidence ?? [])].reverse();
  if (!list.length) return [];
  return [pairs([["confidence", `${incident!.confidence} %`], ["pieces", count(incident!.count ?? list.length)], ["graver for", (incident!.posture ?? []).join("; ")]]), el("h3", {}, "Evidence"),
    table([{ name: "detector" }, { name: "", number: true }, { name: "what", wide: true }], list.map((x) => ({ cells: [el("b", {}, x.family), `${x.confidence} %`, x.text] as Child[] })), "evidence")];
}

async function showEvent(sequence: number) {
  const mine = ++shown;
  let e: Json;
  try { e = await ask("event", { sequence }); } catch (error) { return toast(message(error)); }
  const eve = e.eve ?? {};
  const text = e.payload ?? eve.payload_printable;
  const flow = e.flow_id ? await ask("events", { flow_id: e.flow_id, limit: 20 }).catch(() => ({ events: [] })) : { events: [] };
  if (mine !== shown) return;
  detail(what(e), el("p", {}, kind(e), " ", clock(e.timestamp)),
    pairs([["from", `${e.source}${e.src_ip ? ` (${e.src_ip}${e.src_port !== undefined ? `:${e.src_port}` : ""})` : ""}`], ["to", `${e.destination}${e.dest_ip ? ` (${e.dest_ip}${e.dest_port !== undefined ? `:${e.dest_port}` : ""})` : ""}`], ["service", service(e)], ["rule", e.sid ? `${e.gid ?? 1}:${e.sid}` : e.rule], ["place", e.file ? `${e.file}:${e.line}` : ""], ["severity", e.severity], ["category", e.category], ["dropped", e.blocked ? "yes" : ""], ["lasts", e.ttl ? seconds(e.ttl) : ""], ["refused", e.error], ["flow", e.flow_id]]),
    ...evidence(eve.incident),
    text ? el("h3", {}, "Payload") : null, text ? el("pre", {}, text) : null,
    e.event_type === "drop" || e.event_type === "alert" ? el("button", { onclick: () => void showEdge({ source: e.source, destination: e.destination, proto: e.proto, port: e.dest_port, flows: 0, active: 0, bytes_to_server: 0, bytes_to_client: 0, ...(state.edges.find((x) => x.source === e.source && x.destination === e.destination && x.port === e.dest_port) ?? {}) }) }, "Explain this edge") : null,
    flow.events.length > 1 ? el("h3", {}, "The same flow") : null,
    flow.events.length > 1 ? table([{ name: "time" }, { name: "" }, { name: "between", wide: true }, { name: "what", wide: true }], eventRows(flow.events), "stack") : null,
    explanations(subjects({ ...e, eve })),
    el("details", { class: "record" }, el("summary", {}, "Record"), el("pre", {}, JSON.stringify(eve, null, 2))));
}

// --- views ---
function showMap() {
  const canvas = el("canvas", { tabindex: 0, role: "img", "aria-label": "Map of workloads and who talks to whom; the Workloads view has the same as a table" }) as HTMLCanvasElement;
  const search = el("input", { type: "search", id: "search", placeholder: "Find a workload ( / )", list: "names", oninput: () => { map!.filter = search.value; map!.draw(); }, onkeydown: (e: KeyboardEvent) => { if (e.key === "Enter" && search.value) { const hit = [...map!.nodes.keys()].find((n) => n === search.value) ?? [...map!.nodes.keys()].find((n) => n.includes(search.value)); if (hit) { map!.filter = ""; void showWorkload(hit); } } } }) as HTMLInputElement;
  const toggle = (name: "allowed" | "denied" | "alerted") => el("label", {}, el("input", { type: "checkbox", checked: true, onchange: (e: Event) => { map!.show[name] = (e.target as HTMLInputElement).checked; map!.draw(); } }), name);
  byId("views").replaceChildren(el("div", { class: "map" }, el("div", { class: "bar" }, search, el("datalist", { id: "names" }), toggle("allowed"), toggle("denied"), toggle("alerted"),
    el("button", { onclick: () => map!.zoom(1.25), "aria-label": "Zoom in" }, "+"), el("button", { onclick: () => map!.zoom(0.8), "aria-label": "Zoom out" }, "−"), el("button", { onclick: () => { map!.fit(); map!.draw(); } }, "Fit"),
    el("div", { class: "legend", "aria-hidden": "true" }, el("span", {}, "allowed"), el("span", { class: "denied" }, "denied"), el("span", { class: "alert" }, "alerted"))), el("div", { class: "stage" }, canvas)));
  map = new TrafficMap(canvas, (name) => void showWorkload(name));
  map.selected = state.selected;
  (window as any).bulkheadMap = map;
  fillMap();
}
function fillMap() {
  if (!map) return;
  state.totals = map.use(state.workloads, state.edges, (state.time - (state.totals as any).time) / 1e9 || 0, state.totals);
  (state.totals as any).time = state.time;
  const names = document.getElementById("names"), wanted = state.workloads.slice(0, 1000).map((w) => w.name);
  if (names && names.dataset.has !== wanted.join()) { names.replaceChildren(...wanted.map((value) => el("option", { value }))); names.dataset.has = wanted.join(); }
}
function showWorkloads() {
  if (!state.time) return waiting();
  const rows = [...state.workloads].sort((a, b) => b.alerts - a.alerts || b.denied - a.denied || b.bytes_in + b.bytes_out - a.bytes_in - a.bytes_out);
  content(rows.length ? table([{ name: "workload" }, { name: "addresses", extra: true }, { name: "in", number: true }, { name: "out", number: true }, { name: "flows", number: true, extra: true }, { name: "denied", number: true }, { name: "alerts", number: true }, { name: "labels", wide: true, extra: true }],
    rows.map((w) => ({ key: w.name, cells: [w.name, (w.addresses ?? []).join(", "), bytes(w.bytes_in), bytes(w.bytes_out), count(w.flows_active), el("span", { class: w.denied ? "is-warn" : undefined }, count(w.denied)), el("span", { class: w.alerts ? "is-bad" : undefined }, count(w.alerts)), Object.entries(w.labels ?? {}).map(([k, v]) => `${k}=${v}`).join(" ")], open: () => void showWorkload(w.name) }))) : el("p", { class: "empty" }, "No workload is known: an inventory or a container engine tells who is who."));
}
const flowTable = (flows: Json[]) => table([{ name: "client" }, { name: "server" }, { name: "service", whole: true }, { name: "state", extra: true }, { name: "bytes", number: true }],
  flows.map((f) => ({ cells: [`${f.source === "world" ? f.src_ip : f.source}:${f.src_port ?? ""}`, `${f.destination === "world" ? f.dest_ip : f.destination}:${f.dest_port ?? ""}`, `${f.proto ?? ""}${f.app_proto ? `/${f.app_proto}` : ""}`, el("span", { class: f.alerted ? "is-bad" : undefined }, f.action === "drop" ? "dropped" : f.state), bytes(f.bytes_to_server + f.bytes_to_client)] })));
const waiting = () => content(el("p", { class: "empty" }, "Looking…"));
function showFlows() {
  if (!state.flows.flows) return waiting();
  const flows: Json[] = state.flows.flows ?? [];
  content(flows.length ? flowTable(flows) : el("p", { class: "empty" }, "No flow is active."), el("p", { style: "color:var(--soft)" }, `${count(flows.length)} of ${count(state.flows.active ?? 0)} flows, the most recent first`));
}
function showRules() {
  if (!state.rules.rules) return waiting();
  const rules: Json[] = state.rules.rules ?? [];
  const signatures: Json[] = state.rules.signatures ?? [];
  const all = state.rules.signatures_total ?? 0;
  content(
    rules.length ? table([{ name: "packets", number: true }, { name: "bytes", number: true, extra: true }, { name: "rule" }, { name: "action", extra: true }, { name: "place" }, { name: "text", wide: true }], rules.map((r) => ({ cells: [r.packets ? count(r.packets) : "never", bytes(r.bytes), r.rule, (r.action ?? "") + (r.audit ? " (audit)" : ""), r.place ?? "", r.text ?? ""] }))) : el("p", { class: "empty" }, "There are no policies."),
    ...(signatures.length ? [
      el("h2", {}, "Signatures, the dearest first"),
      table([{ name: "matches", number: true }, { name: "checks", number: true, extra: true }, { name: "ns/packet", number: true }, { name: "sid" }, { name: "place", extra: true }, { name: "signature", wide: true }], signatures.map((s) => ({ cells: [s.matches ? count(s.matches) : "never", count(s.checks), s.ns_per_packet.toFixed(2), `${s.gid}:${s.sid}`, s.place ?? "", s.message ?? ""] }))),
      el("p", { style: "color:var(--soft)" }, `${count(signatures.length)} of ${count(all)} signatures`),
    ] : []));
}
function showEvents() {
  const events = [...state.events].reverse();
  if (!events.length) return content(el("p", { class: "empty" }, "No alert, denial or block so far."));
  const canvas = el("canvas", { role: "img", "aria-label": `${events.length} events over time` }) as HTMLCanvasElement;
  content(el("div", { class: "histogram" }, canvas), table([{ name: "time", whole: true }, { name: "", whole: true }, { name: "between" }, { name: "what", wide: true }], eventRows(events), "stack"));
  requestAnimationFrame(() => histogram(canvas, events));
}
function histogram(canvas: HTMLCanvasElement, events: Json[]) {
  const ratio = devicePixelRatio || 1, w = canvas.clientWidth, h = canvas.clientHeight, c = canvas.getContext("2d")!;
  canvas.width = w * ratio; canvas.height = h * ratio; c.scale(ratio, ratio);
  const times = events.map((e) => millis(e.timestamp)), end = Math.max(...times), span = Math.max(60000, end - Math.min(...times)), bars = Math.max(10, Math.floor(w / 9));
  const style = getComputedStyle(document.documentElement), colours: Record<string, string> = { alert: "--bad", drop: "--warn", block: "--accent", incident: "--bad" };
  const sums = Array.from({ length: bars }, () => ({ alert: 0, drop: 0, block: 0, incident: 0 }) as Record<string, number>);
  events.forEach((e, i) => { sums[Math.min(bars - 1, Math.max(0, Math.floor(((times[i] - (end - span)) / span) * bars)))][e.event_type]++; });
  const most = Math.max(1, ...sums.map((s) => s.alert + s.drop + s.block + s.incident));
  c.fillStyle = style.getPropertyValue("--line"); c.fillRect(0, h - 16, w, 1);
  sums.forEach((s, i) => { let y = h - 16; for (const type of ["drop", "block", "alert", "incident"]) { const size = s[type] ? Math.max(2, (s[type] / most) * (h - 22)) : 0; c.fillStyle = style.getPropertyValue(colours[type]); c.fillRect((i * w) / bars + 1, y - size, w / bars - 2, size); y -= size; } });
  c.fillStyle = style.getPropertyValue("--soft"); c.font = "11px system-ui, sans-serif";
  c.fillText(new Date(end - span).toLocaleTimeString("en-GB"), 0, h - 2); c.textAlign = "right"; c.fillText(new Date(end).toLocaleTimeString("en-GB"), w, h - 2);
}
let draft = "policy: proposed\nfor: any\ningress:\n  - allow from any on tcp/443\n  - deny from any\n";
function showWhatif() {
  const text = el("textarea", { id: "policy", spellcheck: "false", "aria-label": "Policy to try", oninput: () => { draft = text.value; } }) as HTMLTextAreaElement;
  text.value = draft;
  const result = el("div", { id: "result", "aria-live": "polite" });
  const run = el("button", { class: "primary", id: "try", onclick: async () => {
    result.replaceChildren(el("p", { style: "color:var(--soft)" }, "Judging…"));
    try {
      const r = await ask("whatif", { policies: text.value });
      result.replaceChildren(el("p", {}, `Of ${count(r.flows)} recent flows `, el("b", { class: r.newly_denied ? "is-bad" : undefined }, `${count(r.newly_denied)} would be denied`), ` and ${count(r.newly_allowed)} allowed that are not now.`),
        r.changes.length ? table([{ name: "", whole: true }, { name: "from" }, { name: "to" }, { name: "service", whole: true }, { name: "flows", number: true, extra: true }, { name: "by", wide: true }], r.changes.map((c: Json) => ({ cells: [el("span", { class: c.now_allowed ? "is-good" : "is-bad" }, c.now_allowed ? "allowed" : "denied"), c.from, c.to, c.port, count(c.flows), [c.rule, c.place].filter(Boolean).join(" ")] }))) : el("p", {}, "Nothing changes."));
    } catch (e) {
      const found: Json[] = e instanceof Refusal ? (e.details.diagnostics ?? []) : [];
      result.replaceChildren(el("p", { class: "is-bad" }, message(e)), ...found.map((d) => el("pre", {}, d.text)), explanations([...new Set(found.map((d) => String(d.code ?? "")))].filter(Boolean)));
    }
  } }, "Try on recent traffic");
  content(el("p", {}, "Policies as they would be, in place of all that are in force. Nothing is loaded: they are judged against the flows that were seen lately."), text, el("p", {}, run), result);
}
const KINDS: Record<string, [string, string]> = { pack: ["Packs of signatures", "签名包"], detector: ["Detectors of behaviour", "行为检测器"], finding: ["Findings", "其他发现"], diagnostic: ["Messages about rules, policies and settings", "规则、策略与设置的诊断信息"] };
async function showExplanations() {
  const filter = el("input", { type: "search", id: "about", "aria-label": "Find an explanation", placeholder: language() === "zh" ? "查找：检测器、sid、诊断代码" : "Find: a detector, a sid, a code", oninput: () => fill() }) as HTMLInputElement;
  const change = el("button", { type: "button", class: "language", lang: language() === "en" ? "zh" : "en", onclick: () => { localStorage.setItem("language", language() === "en" ? "zh" : "en"); void showExplanations(); } }, language() === "en" ? "中文" : "English");
  const body = el("div");
  let pages: Json[] = [];
  const open = (name: string, title: string) => detail(title, explanations([name], false));
  function fill() {
    const wanted = filter.value.trim().toLowerCase();
    const found = pages.filter((p) => `${p.kind} ${p.name} ${p.title}`.toLowerCase().includes(wanted));
    body.replaceChildren(...Object.entries(KINDS).flatMap(([kind, titles]) => {
      const of = found.filter((p) => p.kind === kind);
      return of.length ? [el("h2", {}, titles[language() === "en" ? 0 : 1]), table([{ name: language() === "en" ? "name" : "名称", narrow: true }, { name: language() === "en" ? "about" : "内容", wide: true }], of.map((p) => ({ key: p.name, cells: [p.name, p.title], open: () => open(p.name, p.title) })))] : [];
    }));
    if (!found.length) body.append(explanations([wanted], false));
  }
  content(el("div", { class: "bar flush" }, filter, change), body);
  try { pages = await list(); fill(); } catch (e) { body.replaceChildren(el("p", { class: "is-bad" }, message(e))); }
}
const content = (...children: Child[]) => byId("views").replaceChildren(el("div", { class: "pad" }, ...children));

function show(view: string) {
  state.view = view;
  map = null;
  for (const b of byId("tabs").children) { const on = (b as HTMLElement).dataset.view === view; b.setAttribute("aria-selected", String(on)); (b as HTMLElement).tabIndex = on ? 0 : -1; if (on) b.scrollIntoView({ block: "nearest", inline: "nearest" }); }
  VIEWS.find(([name]) => name === view)![2]();
  void lookAt(view).catch(() => {});  // look() says what is wrong
  void look();
}

// --- looking ---
let looking = false;
// A table is not taken away from under somebody who goes through it.
function again(view: string) {
  const inside = byId("views").contains(document.activeElement) && document.activeElement !== byId("views");
  if (!inside && view === state.view) VIEWS.find(([name]) => name === view)![2]();
}
// What a view alone needs; it does not wait for the rest.
async function lookAt(view: string) {
  if (view === "flows") state.flows = await ask("flows", { limit: 300 });
  else if (view === "rules") state.rules = await ask("rules");
  else return;
  again(view);
}
async function look() {
  if (looking) return;
  looking = true;
  const view = state.view;
  try {
    const [status, workloads, edges, events] = await Promise.all([ask("status"), ask("workloads"), ask("edges"), ask("events", { limit: 500 }), lookAt(view)]);
    state.before = state.status; state.status = { ...status, time: performance.now() };
    state.workloads = workloads.workloads; state.time = workloads.time_ns; state.edges = edges.edges;
    const fresh = events.events.length !== state.events.length || events.events.at(-1)?.sequence !== state.events.at(-1)?.sequence;
    state.events = events.events; state.failure = "";
    if (view !== state.view) return;  // looked for another view: the finally below looks again
    if (view === "map") fillMap();
    if (view === "workloads" || (view === "events" && fresh)) again(view);
  } catch (e) {
    state.failure = message(e);
  } finally {
    looking = false;
    showHead();
    document.body.dataset.looks = String(Number(document.body.dataset.looks ?? 0) + 1);
    if (view !== state.view && !state.failure) void look();
  }
}

for (const [name, title] of VIEWS) byId("tabs").append(el("button", { role: "tab", "data-view": name, type: "button", onclick: () => show(name) }, title));
byId("tabs").addEventListener("keydown", (e) => {
  const at = VIEWS.findIndex(([name]) => name === state.view), step = e.key === "ArrowRight" ? 1 : e.key === "ArrowLeft" ? -1 : 0;
  if (step === 0) return;
  const next = (at + step + VIEWS.length) % VIEWS.length;
  show(VIEWS[next][0]);
  (byId("tabs").children[next] as HTMLElement).focus();
});
document.addEventListener("keydown", (e) => {
  const typing = e.target instanceof HTMLInputElement || e.target instanceof HTMLTextAreaElement || e.target instanceof HTMLSelectElement;
  const open = (byId("dialog") as HTMLDialogElement).open;
  if (e.key === "Escape" && !open && !byId("detail").hidden) closeDetail();
  if (typing || open || e.ctrlKey || e.metaKey || e.altKey) return;
  if (e.key === "/") { if (state.view !== "map") show("map"); byId("search").focus(); e.preventDefault(); }
  const number = Number(e.key);
  if (number >= 1 && number <= VIEWS.length) show(VIEWS[number - 1][0]);
});
byId("theme").addEventListener("click", () => theme(true));
byId("health").addEventListener("click", showHealth);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => theme());
theme();
show("map");
(window as any).bulkheadLook = look;
setInterval(() => { if (!document.hidden) void look(); }, 2000);
