// The list of destinations, most bytes first.

import { appName, country, type Data } from "./data";
import { $, button, el, swatch } from "./dom";
import { destination, title, where } from "./drawer";
import type { Totals } from "./totals";
import { bytes, count, EVIDENCE, STANDINGS } from "./words";

const FIRST = 12, MORE = 50;
let shown = FIRST;

export function rows(data: Data, A: Totals): void {
  const list = [...A.rows, ...A.beside].sort((a, b) => b.w - a.w || a.index - b.index);
  const line = (r: (typeof list)[number]): HTMLElement => el("tr", {},
    el("td", {}, button(title(r), (event) => destination(r, event.currentTarget), { class: "link" }),
      el("small", {}, swatch(r.standing), ` ${where(r)} · ${r.countries.length && !r.beside ? `${STANDINGS[r.standing]}${r.stale ? ", stale" : ""} · ` : ""}${r.namesTotal > 1 ? `${count(r.namesTotal)} names · ` : ""}${r.frame ? `#${r.frame}` : ""}`), r.way.length ? el("small", {}, `on the way: ${r.way.map(([c]) => country(data, c)).join(", ")}`) : null),
    el("td", { class: "hide" }, appName(data, r.app), el("small", {}, EVIDENCE[r.evidence[0]] ?? "no app named")),
    el("td", { class: "hide" }, r.operator, el("small", {}, [r.law ? `law of ${country(data, r.law)}` : "", r.asn === null ? "" : `AS${r.asn}`].filter(Boolean).join(" · "))),
    el("td", { class: "n" }, bytes(r.up)), el("td", { class: "n" }, bytes(r.down)));
  const head = (text: string, name = ""): HTMLElement => el("th", { scope: "col", class: name }, text);
  $("rows").replaceChildren(list.length
    ? el("table", {}, el("thead", {}, el("tr", {}, head("Endpoint"), head("App", "hide"), head("Run by", "hide"), head("Sent", "n"), head("Received", "n"))), el("tbody", {}, list.slice(0, shown).map(line)))
    : el("p", { class: "empty" }, data.all.length ? "Nothing matches these filters." : "No destinations in this capture."),
  ...(list.length > shown ? [button(`Show ${Math.min(MORE, list.length - shown)} more of ${count(list.length)}`, () => { shown += MORE; rows(data, A); }, { class: "more" })] : []));
}
