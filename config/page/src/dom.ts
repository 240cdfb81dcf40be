// Elements without a framework. Text is always text: nothing that came over the network becomes markup.

export type Child = Node | string | number | null | undefined | false;

export function el(name: string, attributes: Record<string, any> = {}, ...children: Child[]): HTMLElement {
  const out = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) out.addEventListener(key.slice(2), value);
    else if (key === "class") out.className = value;
    else if (value === true) out.setAttribute(key, "");
    else out.setAttribute(key, String(value));
  }
  for (const child of children) if (child !== null && child !== undefined && child !== false) out.append(String(child) === child || typeof child === "number" ? document.createTextNode(String(child)) : (child as Node));
  return out;
}

export const byId = (id: string) => document.getElementById(id)!;

export function bytes(n: number): string {
  const units = ["B", "KB", "MB", "GB", "TB"];
  let i = 0;
  while (n >= 1000 && i < units.length - 1) { n /= 1000; i++; }
  return `${i === 0 ? Math.round(n) : n.toFixed(n < 10 ? 2 : n < 100 ? 1 : 0)} ${units[i]}`;
}
export const count = (n: number) => Math.round(n).toLocaleString("en-US");
export function seconds(n: number): string {
  if (n < 60) return `${Math.round(n)} s`;
  if (n < 3600) return `${Math.floor(n / 60)} min ${Math.round(n % 60)} s`;
  return n < 86400 ? `${Math.floor(n / 3600)} h ${Math.floor((n % 3600) / 60)} min` : `${Math.floor(n / 86400)} d ${Math.floor((n % 86400) / 3600)} h`;
}
export const clock = (iso: string) => {
  const d = new Date(iso.replace(/(\.\d{3})\d*([+-]\d{2})(\d{2})$/, "$1$2:$3"));
  return Number.isNaN(d.getTime()) ? iso : d.toLocaleTimeString("en-GB");
};
export const millis = (iso: string) => Date.parse(iso.replace(/(\.\d{3})\d*([+-]\d{2})(\d{2})$/, "$1$2:$3"));

export function pairs(list: [string, Child][]): HTMLElement {
  const out = el("dl", { class: "pairs" });
  for (const [name, value] of list) if (value !== null && value !== undefined && value !== "" && value !== false) out.append(el("dt", {}, name), el("dd", {}, value));
  return out;
}

let toastTimer = 0;
export function toast(text: string) {
  const t = byId("toast");
  t.textContent = text;
  t.classList.add("shown");
  clearTimeout(toastTimer);
  toastTimer = window.setTimeout(() => t.classList.remove("shown"), 4000);
}

// Rows that open something: a click, Enter or Space; arrows go from row to row.
export function table(columns: { name: string; number?: boolean; wide?: boolean; narrow?: boolean; extra?: boolean; whole?: boolean }[], rows: { cells: Child[]; open?: () => void; key?: string }[], name?: string): HTMLElement {
  const body = el("tbody");
  for (const row of rows) {
    const tr = el("tr", { tabindex: row.open ? 0 : undefined, "data-key": row.key, onclick: row.open });
    if (row.open) {
      tr.addEventListener("keydown", (event) => {
        const step = event.key === "ArrowDown" ? tr.nextElementSibling : event.key === "ArrowUp" ? tr.previousElementSibling : null;
        if (step) { (step as HTMLElement).focus(); event.preventDefault(); }
        if (event.key === "Enter" || event.key === " ") { row.open!(); event.preventDefault(); }
      });
    }
    row.cells.forEach((cell, i) => tr.append(el("td", { class: [columns[i].number && "number", columns[i].wide && "wide", columns[i].narrow && "narrow", columns[i].extra && "extra", columns[i].whole && "whole"].filter(Boolean).join(" ") || undefined }, cell)));
    body.append(tr);
  }
  return el("table", { class: name }, el("thead", {}, el("tr", {}, ...columns.map((c) => el("th", { scope: "col", class: [c.number && "number", c.extra && "extra"].filter(Boolean).join(" ") || undefined }, c.name)))), body);
}
