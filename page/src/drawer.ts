// The drawer: all evidence of one destination, or the interval of a group of them, with a filter for Wireshark and a citation.

import { pairs, track } from "./bars";
import { appId, appName, byId, country, split as codesOf, type Data, type Kind, type Row, type Standing } from "./data";
import { $, button, el, sv, swatch } from "./dom";
import { f1 } from "./geometry";
import { clock, since } from "./filters";
import { S, set, write } from "./state";
import { verb } from "./sentence";
import { AT, get, split, STA, type Totals } from "./totals";
import { bytes, count, EVIDENCE, high, plural, range, said, STANDINGS, sums, WHY, type Sums } from "./words";

/** Addresses of a filter, and destinations listed. */
const ADDRESSES = 60, LISTED = 40;
const HALF_WAY_KM = 20015;

let data: Data, A: Totals, changed: () => void = () => {}, back: Element | null = null;
const drawer = $("drawer");

export function prepareDrawer(from: Data, whenChanged: () => void): void {
  data = from;
  changed = whenChanged;
  addEventListener("keydown", (event) => { if (event.key === "Escape" && !drawer.hidden) shut(); });
}
export const follow = (totals: Totals): void => { A = totals; };

function open(selection: string, origin: Element | null, ...children: (Node | string | null | (Node | string | null)[])[]): void {
  if (drawer.hidden) back = origin;
  S.sel = selection;
  write();
  drawer.replaceChildren(button("Close", shut, { class: "x" }), ...children.flat().filter((child): child is Node | string => child !== null));
  drawer.hidden = false;
  document.body.classList.add("open");
  drawer.scrollTop = 0;
  drawer.focus({ preventScroll: true });
  changed();
}
export function shut(): void {
  drawer.hidden = true;
  document.body.classList.remove("open");
  S.sel = "";
  write();
  changed();
  if (back?.isConnected) (back as HTMLElement).focus({ preventScroll: true });
  back = null;
}
/** What the fragment names. */
export function reopen(): void {
  const [kind, rest] = [S.sel[0], S.sel.slice(2)], parts = rest.split("~");
  if (kind === "d") {
    const row = data.all.find((r) => r.id === rest);
    if (row) return destination(row, null);
  } else if (kind === "g" && (parts[0] === "*" || parts[0] === "-" || byId(data, parts[0]) >= 0) && data.countries[parts[2]]) {
    return group(parts[0] === "*" ? null : byId(data, parts[0]), parts[2], null, parts[1] === "jur" ? "jur" : "at");
  } else if (kind === "o" && parts[0] in STANDINGS) return outside(parts[0] as Standing, parts[1] || null, null);
  if (!drawer.hidden) shut();
}

const heading = (text: string): HTMLElement => el("h3", {}, text);
function copyable(title: string, text: string): Node[] {
  const box = el("pre", { tabindex: "0", role: "region", "aria-label": title }, text);
  const copy = button("Copy", async () => {
    try {
      await navigator.clipboard.writeText(text);
      copy.textContent = "Copied";
    } catch {
      const range = document.createRange(), selection = getSelection();
      range.selectNodeContents(box);
      selection?.removeAllRanges();
      selection?.addRange(range);
      copy.textContent = "Selected: press Ctrl+C";
    }
  });
  return [heading(title), box, copy];
}

const members = (field: string, addresses: string[]): string => addresses.length ? `${field} in {${addresses.join(", ")}}` : "";
function filterFor(rows: Row[]): Node[] {
  const addresses = [...new Set(rows.flatMap((r) => r.addresses))], shown = addresses.slice(0, ADDRESSES);
  const total = rows.reduce((sum, r) => sum + r.addressesTotal, 0);
  const text = [members("ip.addr", shown.filter((a) => !a.includes(":"))), members("ipv6.addr", shown.filter((a) => a.includes(":")))].filter(Boolean).join(" or ")
    || `frame.number in {${rows.slice(0, ADDRESSES).map((r) => r.frame).join(", ")}}`;
  if (!addresses.length && rows.every((r) => !r.frame)) return [];
  const left = total > shown.length ? [el("p", { class: "q" }, `The first ${count(shown.length)} of ${count(total)} addresses; the report (--json) and --csv list more.`)] : [];
  return [...copyable("Wireshark display filter", text), ...left, el("p", { class: "q" }, "An address may serve other apps too.")];
}
function cite(what: string): Node[] {
  const day = new Date(data.start * 1000), captured = Number.isNaN(day.getTime()) ? "" : ` (captured ${day.toISOString().slice(0, 10)}${data.from ? `, ${data.from[0]}` : ""})`;
  return copyable("To cite", `${data.made_by}, map of ${data.title}${captured}. ${what.trim()} Sources: ${data.sources.join(", ")}. Endpoints of connections, not where data end up.`);
}

export const where = (r: Row): string => r.standing === "p" ? "a person’s device" : r.countries.length ? r.countries.map((c) => country(data, c)).join(" or ") : STANDINGS[r.standing];
export const title = (r: Row): string => r.names[0]?.name ?? r.addresses[0] ?? `${r.standing === "p" ? "a person’s device" : STANDINGS[r.standing]}, address not ${r.beside ? "shown" : "kept"}`;

export function destination(r: Row, origin: Element | null): void {
  const codes = (list: string[]): string => list.map((c) => country(data, c)).join(", ");
  const many = data.captures.length > 1, frame = (n: number, capture: number): string => !n ? "frame left out" : `frame ${count(n)}${many ? ` of ${data.captures[capture] ?? "?"}` : ""}`;
  const stand = `${STANDINGS[r.standing]}${r.stale && r.countries.length ? ", stale" : ""}`, person = r.standing === "p";
  const cities = r.countries.map((c, i): [string, string] | null => r.cities[i] ? ["City", `given as ${r.cities[i]}, ${country(data, c)} (not checked)`] : null);
  open(`d.${r.id}`, origin,
    el("h2", {}, title(r)), el("p", {}, swatch(r.standing), " ", el("b", {}, where(r)), r.countries.length && !person ? `: ${stand}` : ""),
    el("p", { class: "q" }, WHY[r.standing], r.confirmedBy ? ` Here: ${r.confirmedBy}.` : ""),
    ...r.exclusions.map((e) => el("p", { class: "warn" }, `${e.says}.`)), strip(r),
    heading("Where"), pairs(...r.opinions.map((o): [string, string] => [o.source, o.country ? country(data, o.country) + (o.verdict ? `: ${o.verdict}` : "") : "does not know it"]), ...(person ? [] : cities),
      r.registered.length ? ["Block registered", codes(r.registered)] : null,
      ["Round trip", r.rtt ? `${r.rtt.ms} ms (${r.rtt.source}), the least of ${plural(r.rtt.flows, "flow")}${r.exclusions.length ? "" : "; it excludes no country that is named"}` : "none measured"]),
    ...way(r),
    heading("Who"), pairs(["Network", (r.asn === null ? r.asName || "not known" : `AS${r.asn} ${r.asName}`) + (r.asCountry ? `, registered in ${country(data, r.asCountry)}` : "")],
      ["Run by", r.operator + (r.law ? `, under the law of ${country(data, r.law)}` : "") + (r.also.length ? ` (also ${codes(r.also)})` : "")],
      ...r.runs.map((run): [string, string] => ["Operator", `${run.operators || "not known"}${run.laws.length ? `: law of ${codes(run.laws)}` : ""}, ${run.kind === "c" ? "network and server name agree" : run.kind === "r" ? "one source says so" : "two laws are possible"}`]),
      r.parties.length ? ["Whose service", r.parties.join(", ")] : null, r.services.length ? ["Shared services", r.services.join(", ")] : null),
    heading("App"), pairs(["App", appName(data, r.app)], ["Known by", r.evidence.map((e) => EVIDENCE[e] ?? e).join(", ") || "no app named"], r.misfit ? ["Does not fit", r.misfit] : null),
    heading("How much"), pairs(["Sent", `${count(r.sent)} bytes${r.standing === "n" ? ", not answered" : ""}`], ["Received", `${count(r.received)} bytes`], ["Flows", count(r.flows)],
      ["First", frame(r.frame, r.capture)], ["Time", r.times.length ? `${clock(data, r.times[0])} to ${clock(data, r.times[r.times.length - 3] + 1)} ${since(data)}, in steps of the timeline` : "no payload"]),
    heading(r.namesTotal > r.names.length ? `Names, ${r.names.length} of ${count(r.namesTotal)}` : "Names"),
    r.names.length ? el("ul", { class: "plain" }, r.names.map((n) => el("li", {}, n.name, el("small", {}, `${n.source}, ${frame(n.frame, n.capture)}`)))) : el("p", { class: "q" }, "none seen"),
    heading(r.addressesTotal > r.addresses.length ? `Addresses, ${r.addresses.length} of ${count(r.addressesTotal)}` : "Addresses"),
    r.addresses.length ? el("ul", { class: "plain" }, r.addresses.map((a) => el("li", {}, a))) : el("p", { class: "q" }, r.beside ? "not shown: it may be a person’s" : "none kept"),
    ...(person ? [] : filterFor([r])),
    ...cite(`${title(r)}: ${where(r)}${r.countries.length ? ` (${stand})` : ""}, ${count(r.sent)} bytes sent and ${count(r.received)} received; first in ${frame(r.frame, r.capture)}.`));
}

/** Routers on the way, gap by gap: what it was routed through. */
function way(r: Row): Node[] {
  if (!r.way.length && !r.pathsTotal) return [];
  const left = (n: number, what: string): Node => n > 0 ? el("p", { class: "q" }, `${plural(n, `more ${what}`)} in the report (--json)`) : el("p", {});
  return [heading("On the way"), el("p", {}, r.way.map(([c, kind]) => `${country(data, c)} (${STANDINGS[kind]})`).join(", ") || "No country is known."),
    el("p", { class: "q" }, "Routed through, not where it ends: routers are in no share. Those that do not answer may be anywhere, so this is never all."),
    ...r.paths.flatMap((at) => {
      const [target, origin, reached, hops, more] = data.paths![at];
      return [el("p", {}, `To ${target}: ${origin}${reached === null ? "" : `; the target answered at ${reached}`}`), el("ul", { class: "plain" }, hops.map((hop) => {
        if (hop.length === 2) return el("li", { class: "q" }, `${hop[0] ?? "?"}${hop[1] !== null && hop[1] !== hop[0] ? ` to ${hop[1]}` : ""}: no answer`);
        const [distance, address, standing, codes, network, ms] = hop;
        return el("li", {}, `${distance ?? "?"}: ${address || "router"}`, el("small", {}, [[codesOf(codes).map((c) => country(data, c)).join(" or "), data.texts[standing]].filter(Boolean).join(", "), data.texts[network], ms === null ? "" : `${ms} ms`].filter(Boolean).join(" · ")));
      })), left(more, "hop")];
    }), left(r.pathsTotal - r.paths.length, "path")];
}

/** How far the answer reaches, against how far the excluded country is. Round trips that exclude nothing are no bound: they are not drawn. */
function strip(r: Row): Node | null {
  const out = r.exclusions[0], q = out ? data.countries[out.country] : undefined;
  if (!data.from || !q || !out.reachKm) return null;
  const at = (km: number): number => 8 + 384 * Math.min(1, km / HALF_WAY_KM), x = at(out.leastKm), reach = `${count(out.reachKm)} km`, far = `${count(out.leastKm)} km`;
  return sv("svg", { viewBox: "0 0 400 58", width: "100%", role: "img", "aria-label": `The answer allows ${reach}; ${q[0]} is at least ${far} away` },
    sv("path", { d: "M8 26H392", stroke: "var(--n2)" }), sv("path", { d: `M8 26H${f1(at(out.reachKm))}`, stroke: "var(--warn)", "stroke-width": 8 }), sv("circle", { cx: 8, cy: 26, r: 5, class: "phone" }),
    sv("path", { d: `M${f1(x - 5)} 21l10 10m0-10l-10 10`, stroke: "var(--ink)", "stroke-width": 2 }), sv("text", { x: f1(Math.min(at(out.reachKm), 215)), y: 48, class: "q" }, `reach of the answer: ${reach}`),
    sv("text", { x: f1(x), y: 13, "text-anchor": x > 300 ? "end" : x < 80 ? "start" : "middle" }, `${q[0]}, ≥ ${far}`));
}

const listing = (rows: Row[]): Node => el("ul", { class: "plain" }, rows.slice().sort((a, b) => b.w - a.w).slice(0, LISTED).map((r) =>
  el("li", {}, button(title(r), () => destination(r, null), { class: "link" }), el("small", {}, swatch(r.standing), ` ${appName(data, r.app)} · ${r.operator} · ${bytes(r.w)}`))),
  rows.length > LISTED ? el("li", { class: "q" }, `and ${count(rows.length - LISTED)} more`) : null);
const bars = (list: [string, Sums][], of: number): Node => el("div", { class: "bars" }, list.map(([name, e]) => [el("span", {}, name), track(e, of), el("span", { class: "v" }, bytes(high(e)))]));

/** What one app (or all) has in one country or under one law. */
export function group(app: number | null, key: string, origin: Element | null, by: "at" | "jur" = S.by === "jur" ? "jur" : "at"): void {
  const kept = S.by;
  S.by = by === "jur" ? "jur" : "country";
  const chosen = data.all.filter((r) => (app === null || r.app === app) && r.w && !r.beside && !(r.miss & ~(app === null ? AT : AT | 1))), whole = chosen.reduce((w, r) => w + r.w, 0);
  const e = sums(), per = new Map<number, Sums>(), rows: Row[] = [];
  for (const r of chosen) {
    const own = (split(r) ?? []).filter((part) => part.key === key);
    if (own.length) rows.push(r);
    for (const part of own) {
      e[part.kind] += part.w;
      get(per, r.app, sums)[part.kind] += part.w;
    }
  }
  S.by = kept;
  const law = by === "jur", name = country(data, key), who = app === null ? "" : `${appName(data, app)}: `;
  const line = whole ? `${said(e, whole, law)} of ${bytes(whole)} ${verb()} ${law ? `is under the law of ${name}` : `${S.dir === "up" ? "ended at" : S.dir === "down" ? "came from" : "was exchanged with"} endpoints in ${name}`}.` : "Nothing here matches the filters.";
  const words: Record<Kind, string> = law ? { c: "certain", r: "one source", d: "two laws" } : { c: "confirmed", r: "reported", d: "databases differ" };
  const isOn = S[by] === key, apps = [...per].sort((a, b) => high(b[1]) - high(a[1])).slice(0, 8);
  open(`g.${app === null ? "*" : appId(data, app)}~${by === "jur" ? "jur" : "cou"}~${key}`, origin, el("h2", {}, who + name), el("p", {}, line),
    high(e) ? bars((["c", "r", "d"] as Kind[]).filter((kind) => e[kind]).map((kind) => [words[kind], { ...sums(), [kind]: e[kind] }]), high(e)) : null,
    ...(app === null && apps.length > 1 ? [heading("By app"), bars(apps.map(([a, x]) => [appName(data, a), x]), high(apps[0][1]))] : []),
    el("p", {}, button(isOn ? "Show all again" : "Show only this", () => {
      shut();
      set({ [by]: isOn ? "" : key, ...(app === null ? {} : { app: isOn ? "" : appId(data, app) }) });
    })),
    heading(plural(rows.length, "destination")), listing(rows), ...(rows.length ? filterFor(rows) : []), ...cite(`${who}${range(e, whole || 1, law)} in ${name}: ${line}`));
}

/** What has no place for one reason; with the country that round trips exclude, if one is chosen. */
export function outside(standing: Standing, code: string | null, origin: Element | null): void {
  const rows = data.all.filter((r) => !(r.miss & ~(AT | STA)) && r.standing === standing && r.w && (!code || r.exclusions.some((e) => e.country === code)));
  const w = rows.reduce((sum, r) => sum + r.w, 0), isOn = S.st === standing;
  open(`o.${standing}~${code ?? ""}`, origin, el("h2", {}, (code ? `${country(data, code)}: ` : "") + STANDINGS[standing]), el("p", {}, WHY[standing]), el("p", {}, `${bytes(w)} ${verb()}.`),
    el("p", {}, button(isOn ? "Show all again" : "Show only this", () => { shut(); set({ st: isOn ? "" : standing }); })),
    heading(plural(rows.length, "destination")), listing(rows), ...(standing === "p" || !rows.length ? [] : filterFor(rows)), ...(A && rows.length ? cite(`${bytes(w)} ${verb()}: ${STANDINGS[standing]}.`) : []));
}
