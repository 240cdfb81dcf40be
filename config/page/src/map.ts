// The map: workloads in boxes of their namespace or network, edges between them. A canvas, laid out once for each change of
// who is there, so that 500 workloads and 5,000 edges stay fluid.
import type { Json } from "./api";

export interface MapNode { name: string; group: string; x: number; y: number; rate: number; alerts: number; denied: number; }
export interface MapEdge { from: MapNode; to: MapNode; rate: number; alerts: number; denied: number; flows: number; services: Json[]; }
interface Group { name: string; x: number; y: number; width: number; height: number; }

const CELL = 86, PAD = 26, HEAD = 26, RADIUS = 6;

export class TrafficMap {
  nodes = new Map<string, MapNode>();
  edges: MapEdge[] = [];
  selected = "";
  filter = "";
  show = { allowed: true, denied: true, alerted: true };
  frameTimes: number[] = [];
  private groups: Group[] = [];
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
    this.draw();
    return now;
  }

  // Boxes from the largest on, in rows of about the screen's shape.
  private layout(workloads: Json[]) {
    const groups = new Map<string, Json[]>();
    for (const w of workloads) {
      const name = w.kind === "workload" ? w.namespace || w.networks?.[0] || "workloads" : w.kind === "world" || w.kind === "node" ? "outside" : "others";
      groups.set(name, [...(groups.get(name) ?? []), w]);
    }
    this.nodes.clear(); this.groups = [];
    const sorted = [...groups.entries()].sort((a, b) => b[1].length - a[1].length || a[0].localeCompare(b[0]));
    const boxes = sorted.map(([name, list]) => {
      const columns = Math.max(1, Math.ceil(Math.sqrt(list.length * 1.5)));
      return { name, list, columns, width: Math.max(columns * CELL, name.length * 8) + 20, height: Math.ceil(list.length / columns) * (CELL * 0.72) + HEAD + 12 };
    });
    const area = boxes.reduce((sum, b) => sum + (b.width + PAD) * (b.height + PAD), 0);
    const widest = Math.max(Math.sqrt(area * 1.9), ...boxes.map((b) => b.width));
    let x = 0, y = 0, row = 0, right = 0;
    for (const b of boxes) {
      if (x > 0 && x + b.width > widest) { x = 0; y += row + PAD; row = 0; }
      this.groups.push({ name: b.name, x, y, width: b.width, height: b.height });
      b.list.forEach((w, i) => this.nodes.set(w.name, {
        name: w.name, group: b.name, rate: 0, alerts: 0, denied: 0,
        x: x + 10 + CELL / 2 + (i % b.columns) * CELL, y: y + HEAD + 20 + Math.floor(i / b.columns) * (CELL * 0.72),
      }));
      x += b.width + PAD; row = Math.max(row, b.height); right = Math.max(right, x - PAD);
    }
    this.size = { width: Math.max(right, 1), height: Math.max(y + row, 1) };
  }

  fit() {
    const w = this.canvas.clientWidth, h = this.canvas.clientHeight;
    this.scale = Math.min(1.6, (w - 36) / this.size.width, (h - 36) / this.size.height);
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

  private paint() {
    const c = this.context, ratio = devicePixelRatio || 1, w = this.canvas.clientWidth, h = this.canvas.clientHeight;
    if (w === 0 || h === 0) return;
    if (this.canvas.width !== Math.round(w * ratio) || this.canvas.height !== Math.round(h * ratio)) { this.canvas.width = Math.round(w * ratio); this.canvas.height = Math.round(h * ratio); }
    if (!this.fitted) this.fit();
    const style = getComputedStyle(document.documentElement), colour = (name: string) => style.getPropertyValue(name).trim();
    const ink = colour("--ink"), bad = colour("--bad"), warn = colour("--warn"), edge = colour("--edge"), accent = colour("--accent"), panel = colour("--panel");
    c.setTransform(ratio, 0, 0, ratio, 0, 0); c.clearRect(0, 0, w, h);
    c.setTransform(ratio * this.scale, 0, 0, ratio * this.scale, ratio * this.left, ratio * this.top);
    const thin = 1 / this.scale;
    for (const g of this.groups) {
      c.fillStyle = colour("--group"); c.beginPath(); c.roundRect(g.x, g.y, g.width, g.height, 10); c.fill();
    }
    const focus = this.hover?.name || this.selected;
    const quiet = (n: MapNode) => this.filter !== "" && !n.name.includes(this.filter);
    const strokes: [string, number, number[], (e: MapEdge) => boolean][] = [
      [edge, 1, [], (e) => this.show.allowed && !e.alerts && !e.denied],
      [warn, 1.4, [5, 4], (e) => this.show.denied && e.denied > 0 && !e.alerts],
      [bad, 2, [], (e) => this.show.alerted && e.alerts > 0],
    ];
    for (const [paint, width, dash, which] of strokes) {
      for (const strong of [false, true]) {
        c.beginPath();
        for (const e of this.edges) {
          if (!which(e) || (focus !== "" && (e.from.name === focus || e.to.name === focus)) !== strong) continue;
          if (quiet(e.from) && quiet(e.to)) continue;
          const mx = (e.from.x + e.to.x) / 2 + (e.to.y - e.from.y) * 0.12, my = (e.from.y + e.to.y) / 2 - (e.to.x - e.from.x) * 0.12;
          c.moveTo(e.from.x, e.from.y); c.quadraticCurveTo(mx, my, e.to.x, e.to.y);
        }
        c.strokeStyle = strong && paint === edge ? accent : paint; c.lineWidth = (strong ? width + 0.8 : width) * Math.max(thin, 0.8);
        c.globalAlpha = strong ? 1 : focus !== "" ? 0.12 : this.edges.length > 1500 && paint === edge ? 0.13 : paint === edge ? 0.6 : 0.9;
        c.setLineDash(dash.map((d) => d * Math.max(1, thin))); c.stroke();
      }
    }
    c.setLineDash([]); c.globalAlpha = 1;
    c.font = `600 ${Math.max(12, 11 / this.scale)}px system-ui, sans-serif`; c.lineJoin = "round";
    for (const g of this.groups) {
      c.strokeStyle = colour("--group"); c.lineWidth = 4 * Math.max(thin, 1); c.strokeText(g.name, g.x + 10, g.y + 18);
      c.fillStyle = ink; c.fillText(g.name, g.x + 10, g.y + 18);
    }
    const labels = this.scale > 0.55;
    c.font = `${Math.min(12, Math.max(10.5, 10 / this.scale))}px system-ui, sans-serif`; c.textAlign = "center";
    for (const n of this.nodes.values()) {
      c.globalAlpha = quiet(n) ? 0.2 : 1;
      const radius = RADIUS + Math.min(9, Math.log10(1 + n.rate / 1000) * 2);
      c.beginPath(); c.arc(n.x, n.y, radius, 0, 7); c.fillStyle = n.alerts ? bad : n.denied ? warn : colour("--node"); c.fill();
      if (n.name === this.selected || n === this.hover) { c.lineWidth = 3 * Math.max(thin, 0.6); c.strokeStyle = accent; c.beginPath(); c.arc(n.x, n.y, radius + 4, 0, 7); c.stroke(); }
      if (labels || n.name === focus) {
        const short = n.name.slice(n.name.indexOf("/") + 1), text = short.length > 15 && n.name !== focus ? `${short.slice(0, 14)}…` : short;
        if (n.name === focus) { const width = c.measureText(text).width + 8; c.fillStyle = panel; c.fillRect(n.x - width / 2, n.y + radius + 4, width, 15); }
        c.fillStyle = ink; c.fillText(text, n.x, n.y + radius + 15);
      }
    }
    c.globalAlpha = 1; c.textAlign = "left";
  }
}
