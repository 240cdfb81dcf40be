// The daemon's commands over the page's server, as they come from the control socket.

export type Json = Record<string, any>;

export class Refusal extends Error {
  constructor(readonly code: string, message: string, readonly hint = "", readonly details: Json = {}) {
    super(message);
  }
}

// The token comes with the address and stays in this tab alone.
const fromAddress = new URLSearchParams(location.hash.slice(1)).get("token");
if (fromAddress) {
  sessionStorage.setItem("token", fromAddress);
  history.replaceState(null, "", location.pathname);
}
const token = sessionStorage.getItem("token") ?? "";

export async function ask(command: string, args: Json = {}): Promise<Json> {
  let reply: Json;
  try {
    const response = await fetch(`/api/${command}`, {
      method: "POST",
      headers: { "X-Bulkhead-Token": token, "Content-Type": "application/json" },
      body: JSON.stringify(args),
    });
    reply = await response.json();
  } catch {
    throw new Refusal("page.gone", "The page's server does not answer", "start bulkhead page again");
  }
  if (reply.ok) return reply.result;
  const e = reply.error ?? {};
  throw new Refusal(e.code ?? "", e.message ?? "The daemon refused", e.hint ?? "", e.details ?? {});
}
