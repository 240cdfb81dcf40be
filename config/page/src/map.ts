// The map: workloads in boxes of their namespace or network, edges between them. A canvas, laid out once for each change of
// who is there or of its shape. Thousands of curves take many frames' time to draw, so that they are drawn once into a layer of
// their own, which is moved and scaled with the map and drawn anew when the map stands still.
import type { Json } from "./api";

export interface MapNode { id: number; name: string; group: string; x: number; y: number; rate: number; alerts: number; denied: number; }
export interface MapEdge { from: MapNode; to: MapNode; rate: number; alerts: number; denied: number; flows: number; services: Json[]; }
interface Group { name: string; x: number; y: number; width: number; height: number; }

const CELL = 86, PAD = 14, HEAD = 26, RADIUS = 6, STILL_MS = 160, MARGIN = 0.25;

export class TrafficMap {
  nodes = new Map<string, MapNode>();
  edges: MapEdge[] = [];
  selected = "";
  filter = "";
  show = { allowed: true, denied: true, alerted: true };
  frameTimes: number[] = [];
  private groups: Group[] = [];
  private head = HEAD;
  private layer = document.createElement("canvas");
  private drawn = { key: "", scale: 1, left: 0, top: 0 };
  private version = 0;  // of what the layer shows
  private digest = 0;   // of the edges
  private still = 0;    // timer
  private members: [string, MapNode[]][] = [];
  private shape = "";
  private scale = 1; private left = 0; private top = 0; private fitted = false;
  private hover: MapNode | null = null;
  private asked = false;
  private size = { width: 1000, height: 600 };
  private drag: { x: number; y: number; moved: boolean } | null = null;
  private context: CanvasRenderingContext2D;

  constructor(private canvas: HTMLCanvasElement, private open: (name: string) => void) {
    this.context = canvas.getContext("2d")!;
    new ResizeObserver(() => { this.fitted = false; this.draw(); }).observe(canvas);
    canvas.addEventListener("wheel", (e) => { e.preventDefault(); this.zoom(e.deltaY < 0 ? 1.15 : 1 / 1.15, e.offsetX, e.offsetY); }, { passive: false });
    canvas.addEventListener("pointerdown", (e) => { this.drag = { x: e.offsetX, y: e.offsetY, moved: false }; canvas.setPointerCapture(e.pointerId); });
    canvas.addEventListener("pointermove", (e) => this.moved(e));
    canvas.addEventListener("pointerup", (e) => {
      if (this.drag && !this.drag.moved) { const hit = this.at(e.offsetX, e.offsetY); if (hit) this.open(hit.name); }
      this.drag = null;
    });
    canvas.addEventListener("keydown", (e) => this.key(e));
  }

  use(workloads: Json[], edges: Json[], seconds: number, before: Map<string, number>): Map<string, number> {
    const now = new Map<string, number>();
    const rate = (key: string, total: number) => { now.set(key, total); const old = before.get(key); return old === undefined || seconds <= 0 ? 0 : Math.max(0, (total - old) / seconds); };
    const shape = workloads.map((w) => w.name).join("\n");
    if (shape !== this.shape) { this.shape = shape; this.layout(workloads); this.fitted = false; }
    for (const w of workloads) {
      const node = this.nodes.get(w.name)!;
      node.rate = rate(w.name, w.bytes_in + w.bytes_out); node.alerts = w.alerts; node.denied = w.denied;
    }
    const joined = new Map<string, MapEdge>();
    for (const e of edges) {
      const from = this.nodes.get(e.source), to = this.nodes.get(e.destination);
      if (!from || !to || from === to) continue;
      const key = `${e.source}\n${e.destination}`;
      let edge = joined.get(key);
      if (!edge) joined.set(key, (edge = { from, to, rate: 0, alerts: 0, denied: 0, flows: 0, services: [] }));
      edge.rate += rate(`${key}\n${e.proto}/${e.port}`, e.bytes_to_server + e.bytes_to_client);
      edge.alerts += e.alerts; edge.denied += e.denied; edge.flows += e.flows; edge.services.push(e);
    }
    this.edges = [...joined.values()];
    let digest = 0;
    for (const e of this.edges) digest = (Math.imul(digest, 31) + e.from.id * 4099 + e.to.id * 7 + (e.alerts ? 2 : e.denied ? 1 : 0)) | 0;
    if (digest !== this.digest) { this.digest = digest; this.version++; }
    this.draw();
    return now;
  }

  private layout(workloads: Json[]) {
    const groups = new Map<string, MapNode[]>();
    this.nodes.clear(); this.hover = null;
    for (const w of workloads) {
      const group = w.kind === "workload" ? w.namespace || w.networks?.[0] || "workloads" : w.kind === "world" || w.kind === "node" ? "outside" : "others";
      const node = { id: this.nodes.size, name: w.name, group, x: 0, y: 0, rate: 0, alerts: 0, denied: 0 };
      this.nodes.set(w.name, node);
      const members = groups.get(group);
      if (members) members.push(node); else groups.set(group, [node]);
    }
    this.members = [...groups.entries()].sort((a, b) => b[1].length - a[1].length || a[0].localeCompare(b[0]));
  }

  // Boxes as large as they have members, in the shape of the screen: a squarified treemap (Bruls, Huizing, van Wijk 2000).
  private place(w0: number, h0: number) {
    const shape = Math.max(0.4, Math.min(4, w0 / h0));
    this.groups = [];
    const weights = this.members.map(([, list]) => list.length + 2);
    const total = weights.reduce((a, b) => a + b, 0) || 1;
    const width = Math.sqrt(total * CELL * CELL * 0.8 * shape), height = width / shape, scale = (width * height) / total;
    this.head = Math.max(HEAD, (22 * width) / w0);  // a line of text on the screen, however small the map is
    let x = 0, y = 0, w = width, h = height;
    for (let i = 0; i < this.members.length;) {
      const side = Math.min(w, h);
      // How far the worst box of a row is from a square.
      const worst = (row: number[]) => { const sum = row.reduce((a, b) => a + b, 0), depth = sum / side; return Math.max(...row.map((a) => { const r = a / depth / depth; return Math.max(r, 1 / r); })); };
      const row = [weights[i] * scale];
      while (i + row.length < weights.length && worst([...row, weights[i + row.length] * scale]) <= worst(row)) row.push(weights[i + row.length] * scale);
      const depth = row.reduce((a, b) => a + b, 0) / side;
      let at = 0;
      for (const area of row) {
        const length = area / depth;
        this.fill(this.members[i++], w >= h ? { x, y: y + at, width: depth, height: length } : { x: x + at, y, width: length, height: depth });
        at += length;
      }
      if (w >= h) { x += depth; w -= depth; } else { y += depth; h -= depth; }
    }
    this.size = { width: Math.max(width, 1), height: Math.max(height, 1) };
    this.version++;
  }
  // A group's members as a grid in its box.
  private fill([name, list]: [string, MapNode[]], box: { x: number; y: number; width: number; height: number }) {
    const g = { name, x: box.x + PAD / 2, y: box.y + PAD / 2, width: box.width - PAD, height: box.height - PAD };
    this.groups.push(g);
    const w = g.width - 16, h = Math.max(g.height - this.head - 10, 10);
    const columns = Math.max(1, Math.min(list.length, Math.round(Math.sqrt((list.length * w * 0.72) / h)))), rows = Math.ceil(list.length / columns);
    const dx = Math.min(w / columns, CELL * 2), dy = Math.min(h / rows, CELL * 1.2);
    list.forEach((node, i) => { node.x = g.x + 8 + dx * ((i % columns) + 0.5); node.y = g.y + this.head + dy * (Math.floor(i / columns) + 0.5); });
  }

  fit() {
    const w = this.canvas.clientWidth, h = this.canvas.clientHeight;
    this.place(Math.max(1, w - 24), Math.max(1, h - 24));
    this.scale = Math.min(1.6, (w - 24) / this.size.width, (h - 24) / this.size.height);
    this.left = (w - this.size.width * this.scale) / 2; this.top = (h - this.size.height * this.scale) / 2;
    this.fitted = true;
  }
  zoom(factor: number, x = this.canvas.clientWidth / 2, y = this.canvas.clientHeight / 2) {
    const scale = Math.min(6, Math.max(0.05, this.scale * factor));
    this.left = x - ((x - this.left) * scale) / this.scale; this.top = y - ((y - this.top) * scale) / this.scale;
    this.scale = scale; this.draw();
  }
  private key(e: KeyboardEvent) {
    const step = 60, moves: Record<string, () => void> = {
      ArrowLeft: () => { this.left += step; }, ArrowRight: () => { this.left -= step; }, ArrowUp: () => { this.top += step; }, ArrowDown: () => { this.top -= step; },
      "+": () => this.zoom(1.25), "=": () => this.zoom(1.25), "-": () => this.zoom(0.8), "0": () => { this.fitted = false; },
    };
    if (!moves[e.key]) return;
    moves[e.key](); e.preventDefault(); this.draw();
  }
  private moved(e: PointerEvent) {
    if (this.drag) {
      const dx = e.offsetX - this.drag.x, dy = e.offsetY - this.drag.y;
      if (!this.drag.moved && Math.hypot(dx, dy) < 4) return;
      this.left += dx; this.top += dy; this.drag = { x: e.offsetX, y: e.offsetY, moved: true };
      return this.draw();
    }
    const hit = this.at(e.offsetX, e.offsetY);
    if (hit === this.hover) return;
    this.hover = hit; this.canvas.style.cursor = hit ? "pointer" : "grab"; this.draw();
  }
  private at(x: number, y: number): MapNode | null {
    const wx = (x - this.left) / this.scale, wy = (y - this.top) / this.scale, reach = Math.max(12, 10 / this.scale);
    let best: MapNode | null = null, nearest = reach;
    for (const n of this.nodes.values()) { const d = Math.hypot(n.x - wx, n.y - wy); if (d < nearest) { best = n; nearest = d; } }
    return best;
  }
  // Where a node is on the screen: for tests and for who looks from outside.
  where(name: string) { const n = this.nodes.get(name); return n ? { x: n.x * this.scale + this.left, y: n.y * this.scale + this.top } : null; }

  draw() {
    if (this.asked) return;
    this.asked = true;
    requestAnimationFrame(() => { this.asked = false; const begin = performance.now(); this.paint(); this.frameTimes.push(performance.now() - begin); if (this.frameTimes.length > 240) this.frameTimes.shift(); });
  }

  // As much of a name as there is room for.
  private fitting(name: string, width: number): string {
    if (this.context.measureText(name).width <= width) return name;
    let size = name.length - 1;
    while (size > 1 && this.context.measureText(`${name.slice(0, size)}…`).width > width) size--;
    return `${name.slice(0, size)}…`;
  }

  private quiet(n: MapNode) { return this.filter !== "" && !n.name.includes(this.filter); }

  // The edges of `focus` alone, or all ("").
  private strokeEdges(c: CanvasRenderingContext2D, thin: number, colours: Record<"edge" | "warn" | "bad", string>, focus: string) {
    const strokes: [keyof typeof colours, number, number[], (e: MapEdge) => boolean][] = [
      ["edge", 1, [], (e) => this.show.allowed && !e.alerts && !e.denied],
      ["warn", 1.4, [5, 4], (e) => this.show.denied && e.denied > 0 && !e.alerts],
      ["bad", 2, [], (e) => this.show.alerted && e.alerts > 0],
    ];
    for (const [paint, width, dash, which] of strokes) {
      c.beginPath();
      for (const e of this.edges) {
        if (!which(e) || (focus !== "" && e.from.name !== focus && e.to.name !== focus) || (this.quiet(e.from) && this.quiet(e.to))) continue;
        const mx = (e.from.x + e.to.x) / 2 + (e.to.y - e.from.y) * 0.12, my = (e.from.y + e.to.y) / 2 - (e.to.x - e.from.x) * 0.12;
        c.moveTo(e.from.x, e.from.y); c.quadraticCurveTo(mx, my, e.to.x, e.to.y);
      }
      c.strokeStyle = colours[paint]; c.lineWidth = (focus !== "" ? width + 0.8 : width) * Math.max(thin, 0.8);
      c.globalAlpha = focus !== "" ? 1 : this.edges.length > 1500 && paint === "edge" ? 0.13 : paint === "edge" ? 0.6 : 0.9;
      c.setLineDash(dash.map((d) => d * Math.max(1, thin))); c.stroke();
    }
    c.setLineDash([]); c.globalAlpha = 1;
  }

  // The layer, as it is if it will do for this moment.
  private paintLayer(w: number, h: number, ratio: number, colours: Record<"edge" | "warn" | "bad", string>) {
    const key = [this.version, this.filter, this.show.allowed, this.show.denied, this.show.alerted, w, h, ratio, colours.edge].join("|");
    const grown = this.scale / this.drawn.scale, moved = grown !== 1 || this.left !== this.drawn.left || this.top !== this.drawn.top;
    clearTimeout(this.still);
    if (this.drawn.key === key && !moved) return;
    if (this.drawn.key === key && grown > 0.4 && grown < 2.5) {
      this.still = window.setTimeout(() => { this.drawn.key = ""; this.draw(); }, STILL_MS);
      return;
    }
    this.layer.width = Math.round(w * ratio * (1 + 2 * MARGIN)); this.layer.height = Math.round(h * ratio * (1 + 2 * MARGIN));
    const c = this.layer.getContext("2d")!;
    c.setTransform(ratio * this.scale, 0, 0, ratio * this.scale, ratio * (this.left + w * MARGIN), ratio * (this.top + h * MARGIN));
    this.strokeEdges(c, 1 / this.scale, colours, "");
    this.drawn = { key, scale: this.scale, left: this.left, top: this.top };
  }

  private paint() {
    const c = this.context, ratio = devicePixelRatio || 1, w = this.canvas.clientWidth, h = this.canvas.clientHeight;
    if (w === 0 || h === 0) return;
    if (this.canvas.width !== Math.round(w * ratio) || this.canvas.height !== Math.round(h * ratio)) { this.canvas.width = Math.round(w * ratio); this.canvas.height = Math.round(h * ratio); }
    if (!this.fitted) this.fit();
    const style = getComputedStyle(document.documentElement), colour = (name: string) => style.getPropertyValue(name).trim();
    const ink = colour("--ink"), bad = colour("--bad"), warn = colour("--warn"), edge = colour("--edge"), accent = colour("--accent"), panel = colour("--panel"), group = colour("--group"), plain = colour("--node");
    const focus = this.hover?.name || this.selected, thin = 1 / this.scale;
    this.paintLayer(w, h, ratio, { edge, warn, bad });
    c.setTransform(ratio, 0, 0, ratio, 0, 0); c.clearRect(0, 0, w, h);
    const world = () => c.setTransform(ratio * this.scale, 0, 0, ratio * this.scale, ratio * this.left, ratio * this.top);
    world();
    c.fillStyle = group;
    for (const g of this.groups) { c.beginPath(); c.roundRect(g.x, g.y, g.width, g.height, 10); c.fill(); }
    const grown = this.scale / this.drawn.scale;
    c.setTransform(grown, 0, 0, grown, ratio * (this.left - grown * (this.drawn.left + w * MARGIN)), ratio * (this.top - grown * (this.drawn.top + h * MARGIN)));
    c.globalAlpha = focus !== "" ? 0.14 : 1; c.drawImage(this.layer, 0, 0); c.globalAlpha = 1;
    world();
    if (focus !== "") this.strokeEdges(c, thin, { edge: accent, warn, bad }, focus);
    c.font = `600 ${Math.max(12, 11 / this.scale)}px system-ui, sans-serif`; c.lineJoin = "round";
    const line = 15 * Math.max(1, thin);
    for (const g of this.groups) {
      const name = this.fitting(g.name, g.width - 8);
      c.strokeStyle = group; c.lineWidth = 4 * Math.max(thin, 1); c.strokeText(name, g.x + 6, g.y + line);
      c.fillStyle = ink; c.fillText(name, g.x + 6, g.y + line);
    }
    const labels = this.scale > 0.55;
    const font = `${Math.min(12, Math.max(10.5, 10 / this.scale))}px system-ui, sans-serif`, large = Math.max(12, 12 * thin);
    c.font = font; c.textAlign = "center";
    const radius = (n: MapNode) => Math.max(RADIUS, 2.6 * thin) + Math.min(9, Math.log10(1 + n.rate / 1000) * 2);
    const all = [...this.nodes.values()];
    for (const [paint, which] of [[plain, (n) => !n.alerts && !n.denied], [warn, (n) => !n.alerts && n.denied > 0], [bad, (n) => n.alerts > 0]] as [string, (n: MapNode) => boolean][]) {
      for (const dim of this.filter === "" ? [false] : [true, false]) {
        c.globalAlpha = dim ? 0.2 : 1; c.fillStyle = paint; c.beginPath();
        for (const n of all) if (which(n) && this.quiet(n) === dim) { const r = radius(n); c.moveTo(n.x + r, n.y); c.arc(n.x, n.y, r, 0, 7); }
        c.fill();
      }
    }
    c.globalAlpha = 1; c.fillStyle = ink;
    if (labels) for (const n of all) {
      if (n.name === focus || this.quiet(n)) continue;
      const short = n.name.slice(n.name.indexOf("/") + 1);
      c.fillText(short.length > 15 ? `${short.slice(0, 14)}…` : short, n.x, n.y + radius(n) + 15);
    }
    for (const n of [this.hover, this.nodes.get(this.selected)]) {
      if (!n) continue;
      c.lineWidth = 3 * Math.max(thin, 0.6); c.strokeStyle = accent; c.beginPath(); c.arc(n.x, n.y, radius(n) + 4, 0, 7); c.stroke();
    }
    // Over all others, and as large as people read.
    const named = this.nodes.get(focus);
    if (named) {
      c.globalAlpha = 1; c.font = `600 ${large}px system-ui, sans-serif`;
      const width = c.measureText(named.name).width + large, below = named.y + RADIUS + 6 * thin + large * 0.6;
      const x = Math.max(width / 2, Math.min(this.size.width - width / 2, named.x));
      c.fillStyle = panel; c.beginPath(); c.roundRect(x - width / 2, below, width, large * 1.5, 4 * thin); c.fill();
      c.fillStyle = ink; c.fillText(named.name, x, below + large * 1.1);
    }
    c.globalAlpha = 1; c.textAlign = "left";
  }
}
