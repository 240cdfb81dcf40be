// Pages that teach (config/explanations) in the details: what an alert, an incident, a denial or a mistake is about.
import { ask, Json } from "./api";
import { Child, el } from "./dom";

export type Language = "en" | "zh";

// As chosen here, else as the browser wants it.
export function language(): Language {
  const chosen = localStorage.getItem("language");
  if (chosen === "en" || chosen === "zh") return chosen;
  return navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en";
}
export function choose(next: Language) { localStorage.setItem("language", next); }

const known = new Map<string, Json | null>();
async function page(about: string): Promise<Json | null> {
  const key = `${language()} ${about}`;
  if (!known.has(key)) {
    try { known.set(key, await ask("explanation", { about, language: language() })); } catch { return null; }
  }
  return known.get(key)!;
}
export const list = async () => (await ask("explanations", { language: language() })).explanations as Json[];

// What pages an event is about, the most telling first.
export function subjects(e: Json): string[] {
  const eve = e.eve ?? e;
  if (e.event_type === "incident") return (eve.incident?.families ?? e.families ?? []) as string[];
  if (e.event_type === "drop" && String(e.rule ?? "").startsWith("guard/")) return [e.rule];
  if (e.event_type === "drop" && !e.sid) return ["denied"];
  if (e.event_type === "block") return ["block"];
  return e.sid ? [String(e.sid)] : [];
}

// `code` in text; all else as it is.
function inline(text: string): Child[] {
  return text.split("`").map((part, i) => (i % 2 ? el("code", {}, part) : part));
}
// Headings, paragraphs, lists, code: what the pages use (config/explanations/explanation.h).
export function markdown(body: string, heading: string): HTMLElement[] {
  const out: HTMLElement[] = [];
  let paragraph: string[] = [], items: HTMLElement | null = null, code: string[] | null = null;
  const wide = (c: string) => c >= "\u2e80";
  const joined = (lines: string[]) => lines.reduce((a, b) => a + (a === "" || (wide(a[a.length - 1]) && wide(b[0])) ? "" : " ") + b, "");
  let item = false;
  const end = () => {
    if (paragraph.length === 0) return;
    const text = joined(paragraph);
    if (item) items!.append(el("li", {}, ...inline(text)));
    else { items = null; out.push(el("p", {}, ...inline(text))); }
    paragraph = [];
    item = false;
  };
  for (const line of body.split("\n")) {
    if (line.startsWith("```")) {
      end();
      if (code) { out.push(el("pre", {}, code.join("\n"))); code = null; } else code = [];
      items = null;
    } else if (code) code.push(line);
    else if (line.startsWith("## ")) { end(); items = null; out.push(el(heading, {}, line.slice(3))); }
    else if (line.startsWith("- ")) {
      end();
      if (!items) { items = el("ul"); out.push(items); }
      item = true;
      paragraph = [line.slice(2)];
    } else if (line.trim() === "") end();
    else paragraph.push(line.trim());
  }
  end();
  return out;
}

// One page as a part of the details; empty where there is none.
export async function explanation(about: string, open: boolean): Promise<HTMLElement | null> {
  const found = await page(about);
  if (!found) return null;
  const titled = el("summary", {}, found.title, " ", el("small", {}, `${found.kind} ${found.name}`));
  const out = el("details", { class: "explanation", "data-page": `${found.kind}/${found.name}`, lang: found.language, open }, titled,
    found.attack.length ? el("p", { class: "labels" }, ...found.attack.map((t: Json) => el("span", {}, `ATT&CK ${t.id} ${t.name}`))) : null,
    ...markdown(found.body, "h4"));
  return out;
}

// All pages about an event or a code, with the choice of the language. Filled when it comes.
export function explanations(about: string[], title = true): HTMLElement {
  const box = el("div", { class: "explanations" });
  const fill = async () => {
    const parts = (await Promise.all(about.map((word, i) => explanation(word, i === 0)))).filter((x) => x !== null) as HTMLElement[];
    const different = parts.filter((p, i) => parts.findIndex((q) => q.dataset.page === p.dataset.page) === i);
    if (different.length === 0) return box.replaceChildren();
    const other: Language = language() === "en" ? "zh" : "en";
    const change = el("button", { type: "button", class: "language", lang: other, onclick: async () => { choose(other); await fill(); (box.querySelector(".language") as HTMLElement).focus(); } }, other === "zh" ? "中文" : "English");
    box.replaceChildren(el("div", { class: "explanation-head" }, title ? el("h3", {}, language() === "zh" ? "说明" : "What this is about") : null, change), ...different);
  };
  void fill();
  return box;
}
