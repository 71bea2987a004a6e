// The table of apps and countries (or laws), and its legend. It is the answer, and what the map says in text.

import { appId, appName, colorOf, country, NO_NAME, type Data, type Kind, type Standing } from "./data";
import { greyTrack, track } from "./bars";
import { $, button, el, swatch } from "./dom";
import { group as openGroup } from "./drawer";
import { S, set } from "./state";
import { APP, get, group, largest, split, type Group, type Totals } from "./totals";
import { bytes, count, high, ORDER, part, plural, range, said, STANDINGS, sums, WHY, type Sums } from "./words";

/** Apps, and sites, with a row of their own before the button. */
const APPS = 6;
/** What stands above the sites; src/output/html/answer.rs has the same. */
const SITES = "Sites and services in no entry of the catalogue; part of “no app named”";
const NARROW = 720;
let every = false;
let redraw: (() => void) | null = null;

export function legend(A: Totals): void {
  const law = S.by === "jur", way = { up: "", down: ": received bytes", both: ": bytes both ways" }[S.dir];
  $("h-answer").textContent = law ? `Law that reaches the operators of each app’s endpoints${way}` : `Endpoints of each app, by country${way}`;
  if (law) {
    const marks: [string, string][] = [["c", "network and server name agree on the operator’s law"], ["r", "one of them says it"], ["d", "two laws"], ["n", "operator not known"]];
    return $("legend").replaceChildren(...marks.map(([kind, text]) => el("span", { class: "mark" }, swatch(kind), text)));
  }
  const shown = ORDER.filter((standing) => A.standings.get(standing) || S.st === standing);
  $("legend").replaceChildren(el("span", { class: "how" }, "Read 9–12 % as “at least 9, at most 12”"), ...shown.map((standing) =>
    button([swatch(standing), STANDINGS[standing], " ", el("span", {}, bytes(A.standings.get(standing) ?? 0))], () => set({ st: S.st === standing ? "" : standing }),
      { "aria-pressed": String(S.st === standing), title: WHY[standing] })));
}

const isLaw = (): boolean => S.by === "jur";
const figure = (e: Sums, total: number): (string | Node)[] => {
  const text = range(e, total, isLaw()), at = text.indexOf(" reported");
  return at < 0 ? [text] : [text.slice(0, at + 1), el("small", {}, "reported")];
};
const why = (a: Group): [string, number][] => [...a.none].sort((x, y) => y[1] - x[1] || (x[0] < y[0] ? -1 : 1));
const dot = (data: Data, app: number): HTMLElement => el("i", { class: "dot", style: `background:var(--a${colorOf(data, app)})`, "aria-hidden": "true" });
const pick = (data: Data, app: number): HTMLElement =>
  button(appName(data, app), () => set({ app: S.app === appId(data, app) ? "" : appId(data, app) }), { class: "link", "aria-pressed": String(S.app === appId(data, app)) });
const about = (data: Data, app: number): string => {
  if (app < 0) return "names shared by many apps, or none";
  const [, , runs, law, also] = data.apps[app];
  return [runs.replace(/ ?\(.*/, "").split(/[;:]/)[0].trim(), law].filter(Boolean).join(", ") + (also ? ` (also ${also.split(",").join(", ")})` : "");
};

interface Part { countries: string[]; kind: Kind; w: number }
interface SiteLine { domain: string; about: string; a: Group; parts: Part[] }

/**
 * Sites that pass the filters. Nothing is kept of their times and of who else may run them: with a stretch of time or by law there are none.
 */
function sitesOf(data: Data): SiteLine[] {
  const words = S.q.toLowerCase().split(/\s+/).filter(Boolean);
  if (S.t || isLaw() || S.jur || (S.ev && S.ev !== "none")) return [];
  return data.known.filter((site) => words.every((word) => site.text.includes(word))).map((site) => {
    const a = group(), parts: Part[] = [];
    for (const p of site.places) {
      const w = (S.dir === "down" ? 0 : p.sent) + (S.dir === "up" ? 0 : p.received);
      if (!w || (S.at && !p.countries.includes(S.at)) || (S.op && p.operator !== S.op) || (S.st && p.standing !== S.st)) continue;
      a.w += w;
      get(a.networks, p.operator, () => ({ w: 0, law: p.law })).w += w;
      parts.push({ countries: p.countries, kind: p.standing as Kind, w });
      for (const code of p.countries) get(a.keys, code, sums)[p.standing as Kind] += w;
      if (p.countries.length) continue;
      a.noneAll += w;
      a.none.set(p.standing, (a.none.get(p.standing) ?? 0) + w);
    }
    return { domain: site.domain, about: site.names > 1 ? `${site.names} names` : "", a, parts };
  }).filter(({ a }) => a.w).sort((x, y) => y.a.w - x.a.w);
}
const pickSite = (domain: string): HTMLElement =>
  button(domain, () => set({ q: S.q === domain ? "" : domain }), { class: "link", "aria-pressed": String(S.q === domain) });
const siteClass = (): string => `site${S.app && S.app !== NO_NAME ? " dim" : ""}`;

function sumOf(A: Totals): Group {
  const sum: Group = { w: 0, n: 0, keys: new Map(), none: new Map(), noneAll: 0, networks: new Map() };
  for (const a of A.apps.values()) {
    sum.w += a.w;
    sum.n += a.n;
    sum.noneAll += a.noneAll;
    for (const [key, e] of a.keys) for (const kind of ["c", "r", "d"] as Kind[]) get(sum.keys, key, sums)[kind] += e[kind];
    for (const [key, w] of a.none) sum.none.set(key, (sum.none.get(key) ?? 0) + w);
    for (const [name, one] of a.networks) get(sum.networks, name, () => ({ w: 0, law: one.law })).w += one.w;
  }
  return sum;
}

export function table(data: Data, A: Totals): void {
  redraw = () => table(data, A);
  const named = [...A.apps].filter(([app]) => app >= 0).sort((a, b) => b[1].w - a[1].w || a[0] - b[0]), none = A.apps.get(-1);
  const isCut = !every && named.length > APPS + 1;
  let rows: [number | null, Group][] = isCut ? named.slice(0, APPS) : named;
  const chosen = isCut && S.app ? named.slice(APPS).find(([app]) => appId(data, app) === S.app) : undefined;
  if (chosen) rows.push(chosen);
  const others = isCut ? named.slice(APPS).filter((one) => one !== chosen) : [];
  if (none) rows = [...rows, [-1, none]];
  const sum = sumOf(A), known = none ? sitesOf(data) : [], sites = every ? known : known.slice(0, APPS), moreSites = known.length - sites.length;
  rows = [[null, sum], ...rows].filter((one): one is [number | null, Group] => (one[1] as Group).w > 0);
  $("apps").replaceChildren(...(!rows.length ? [] : innerWidth > NARROW ? wide(data, A, rows, sum, sites) : narrow(data, rows, sites)));
  document.getElementById("more")?.remove();
  if (!others.length && !moreSites && !(every && Math.max(named.length - 1, known.length) > APPS)) return;
  const left = others.reduce((w, [, a]) => w + a.w, 0);
  $("apps").parentElement!.after(button(every ? "Show fewer" : `Show ${[others.length ? `${count(others.length)} more apps (${bytes(left)})` : "", moreSites ? plural(moreSites, "more site") : ""].filter(Boolean).join(" and ")}`, () => { every = !every; redraw?.(); }, { class: "more", id: "more" }));
}

function wide(data: Data, A: Totals, rows: [number | null, Group][], sum: Group, sites: SiteLine[]): HTMLElement[] {
  const key = isLaw() ? "jur" : "at", chosen = S[key];
  const most = innerWidth > 1250 ? 6 : innerWidth > 1120 ? 5 : 4, columns = [...sum.keys].sort(largest).slice(0, most).map(([k]) => k);
  if (chosen && sum.keys.has(chosen) && !columns.includes(chosen)) columns[columns.length - 1] = chosen;
  const more = sum.keys.size - columns.length, beyond = more ? outside(A, data, columns) : null;
  const cell = (a: Group, app: number | null, k: string): HTMLElement => {
    const e = a.keys.get(k);
    if (!e || !high(e)) return el("td", {}, el("span", { class: "zero" }, "·"));
    const label = `${app === null ? "All apps" : appName(data, app)}, ${country(data, k)}: ${range(e, a.w, isLaw())}. ${said(e, a.w, isLaw())}`;
    return el("td", {}, button([el("span", { class: "num" }, figure(e, a.w)), track(e, a.w)], (event) => openGroup(app, k, event.currentTarget), { class: "cell", "aria-label": label }));
  };
  const plain = (a: Group, e?: Sums): HTMLElement => el("td", {}, e ? [el("span", { class: "num" }, figure(e, a.w)), track(e, a.w)] : el("span", { class: "zero" }, "·"));
  const far = ({ a, parts }: SiteLine): HTMLElement => {
    const e = sums();
    for (const p of parts) if (p.countries.some((code) => !columns.includes(code))) e[p.kind] += p.w;
    return plain(a, high(e) ? e : undefined);
  };
  const last = (a: Group): (HTMLElement | null)[] => [sum.noneAll > 1e-6 ? nowhere(a) : null, networks(a)];
  const nowhere = (a: Group): HTMLElement => {
    const list = why(a);
    return el("td", { class: "none" }, list.length ? [el("span", { class: "num" }, part(a.noneAll, a.w), isLaw() ? null : [" ", el("small", {}, STANDINGS[list[0][0] as Standing] + (list.length > 1 ? ` +${list.length - 1}` : ""))]), greyTrack(a.noneAll, a.w)] : el("span", { class: "zero" }, "·"));
  };
  const networks = (a: Group): HTMLElement => {
    const list = [...a.networks].sort((x, y) => y[1].w - x[1].w || (x[0] < y[0] ? -1 : 1));
    return el("td", { class: "ops" }, list.slice(0, 2).map(([name, one], at) => [at ? ", " : "", el("b", {}, name), ` ${one.law} ${part(one.w, a.w)}`]), list.length > 2 ? ` +${list.length - 2}` : "");
  };
  const title = { up: "Sent", down: "Received", both: "Both" }[S.dir]!;
  return [
    el("caption", {}, `Share of each app’s bytes by ${isLaw() ? "law" : "country of the endpoints"}, at least to at most`),
    el("thead", {}, el("tr", {}, el("th", { class: "a", scope: "col" }, "App", el("small", {}, "who runs the service, law")), el("th", { class: "n", scope: "col" }, title),
      columns.map((k) => el("th", { scope: "col", class: chosen === k ? "on" : "" }, button(country(data, k), () => set({ [key]: chosen === k ? "" : k }), { class: "link", "aria-pressed": String(chosen === k) }))),
      more ? el("th", { scope: "col" }, `${more} more`) : null, sum.noneAll > 1e-6 ? el("th", { scope: "col", class: "none" }, isLaw() ? "Not known" : "No country") : null,
      el("th", { scope: "col", class: "ops" }, "Networks run by"))),
    el("tbody", {}, rows.map(([app, a]) => el("tr", { class: app === null ? "all" : S.app && appId(data, app) !== S.app ? "dim" : "" },
      el("th", { class: "a", scope: "row" }, app === null ? "All apps" : [dot(data, app), pick(data, app), el("small", {}, about(data, app))]),
      el("td", { class: "n" }, bytes(a.w)), columns.map((k) => cell(a, app, k)), more ? plain(a, beyond!.get(app)) : null, last(a))),
    sites.length ? el("tr", { class: "sub" }, el("th", { colspan: 3 + columns.length + (more ? 1 : 0) + (sum.noneAll > 1e-6 ? 1 : 0), scope: "rowgroup" }, SITES)) : null,
    sites.map((site) => el("tr", { class: siteClass() }, el("th", { class: "a", scope: "row" }, pickSite(site.domain), site.about ? el("small", {}, site.about) : null),
      el("td", { class: "n" }, bytes(site.a.w)), columns.map((k) => plain(site.a, site.a.keys.get(k))), more ? far(site) : null, last(site.a)))),
  ];
}

/** What counts for keys without a column, each part once. */
function outside(A: Totals, data: Data, columns: string[]): Map<number | null, Sums> {
  const out = new Map<number | null, Sums>();
  for (const r of data.all) {
    if (!r.w || r.beside || r.miss & ~APP) continue;
    const seen = new Map<string, { kind: Kind; w: number }>();
    for (const one of split(r) ?? []) if (!columns.includes(one.key)) seen.set(isLaw() ? `${one.kind}${one.w}` : "", one);
    for (const one of seen.values()) for (const app of [r.app, null]) if (A.apps.has(r.app)) get(out, app, sums)[one.kind] += one.w;
  }
  return out;
}

function narrow(data: Data, rows: [number | null, Group][], sites: SiteLine[]): HTMLElement[] {
  const card = (name: string, title: (Node | string)[], a: Group, place: (k: string) => Node): HTMLElement => el("li", { class: name },
    el("div", { class: "top" }, el("span", {}, title), el("span", { class: "q" }, bytes(a.w))),
    el("div", { class: "bars" }, [...a.keys].sort(largest).slice(0, 3).map(([k, e]) => [place(k), track(e, a.w), el("span", { class: "v" }, figure(e, a.w))]),
      a.noneAll > 1e-6 ? [el("span", { class: "q" }, isLaw() ? "not known" : "no country"), greyTrack(a.noneAll, a.w), el("span", { class: "v" }, part(a.noneAll, a.w))] : null));
  return [el("tbody", {}, el("tr", {}, el("td", { class: "whole" }, el("ul", { class: "cards" },
    rows.map(([app, a]) => card(S.app && app !== null && appId(data, app) !== S.app ? "dim" : "", app === null ? [el("b", {}, "All apps")] : [dot(data, app), pick(data, app)], a,
      (k) => button(country(data, k), (event) => openGroup(app, k, event.currentTarget), { class: "link" }))),
    sites.length ? el("li", { class: "sub" }, SITES) : null,
    sites.map((site) => card(siteClass(), [pickSite(site.domain)], site.a, (k) => el("span", {}, country(data, k))))))))];
}
