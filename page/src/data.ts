// The data of the page, as src/output/html/data.rs and row.rs write them, to rows with what the views ask of them.

/** Letters of what may be said of a place; `n` and `p` stand beside the total. */
export type Standing = "c" | "r" | "d" | "x" | "f" | "g" | "a" | "u" | "k" | "n" | "p";
/** How bytes count for a country or a law: certain, one source, several named. */
export type Kind = "c" | "r" | "d";

interface RawRow {
  a?: number; s: Standing; y?: number; c?: [string, string][]; x?: [string, number, number, number, number][]; b?: number;
  p?: [number, string][]; r?: string; n: number; o?: number; l?: [number, string, number, number, number][];
  h?: number[]; v?: number[]; e?: number[]; m?: number; u: number; d: number; k: number; f: number; j?: number;
  q?: [string, number, number, number?][]; Q?: number; i?: string[]; I?: number; z?: [number, number, number]; t: [firstMs: number, lastMs: number];
  g?: [string, Kind][]; w?: number[]; W?: number;
}
type RawSite = [domain: string, names: string[], namesTotal: number, places: [Standing, string, number, string, number, number][]];
/** Where nobody answered: from this distance to that. */
export type Gap = [from: number | null, until: number | null];
export type Hop = [distance: number | null, address: string, standing: number, countries: string, network: number, ms: number | null];
export type Path = [target: string, origin: string, reached: number | null, hops: (Gap | Hop)[], more: number];

export interface Raw {
  title: string; made_by: string; captures: string[]; start: number; step: number; steps: number;
  from: [label: string, latitude: number, longitude: number, radiusKm: number, country: string] | null;
  km_per_ms: number; is_redacted?: boolean; stale: string | null; sources: string[];
  apps: [id: string, name: string, runs: string, law: string, also: string][];
  operators: [name: string, law: string, also: string][];
  networks: [asn: number | null, name: string, country: string][];
  texts: string[]; countries: Record<string, [name: string, latitude: number, longitude: number, verdict?: string | null]>;
  rows: RawRow[]; sites?: RawSite[]; paths?: Path[];
}

export interface Exclusion { country: string; verdict: string; says: string; reachKm: number; leastKm: number }
export interface Name { name: string; source: string; frame: number; capture: number }
/** Bytes by law: the laws that may reach the operator, whether that is certain, and how much. */
export interface Run { operators: string; laws: string[]; kind: Kind; sent: number; received: number }

export interface Row {
  index: number; id: string; app: number; standing: Standing; stale: boolean;
  /** Countries that it counts for; none where it has no place. */
  countries: string[]; cities: string[]; exclusions: Exclusion[]; confirmedBy: string;
  opinions: { source: string; country: string; verdict: string }[]; registered: string[];
  asn: number | null; asName: string; asCountry: string; operator: string; law: string; also: string[];
  runs: Run[]; parties: string[]; services: string[]; evidence: string[]; misfit: string;
  sent: number; received: number; flows: number; frame: number; capture: number;
  names: Name[]; namesTotal: number; addresses: string[]; addressesTotal: number;
  rtt: { ms: number; source: string; flows: number } | null;
  /** Countries of routers on the way, and the paths: apart from where it ends. */
  way: [string, Kind][]; paths: number[]; pathsTotal: number;
  times: number[]; color: number; text: string;
  /** Beside the total: nothing came back, or the other end is a person's device. */
  beside: boolean;
  // What the chosen stretch of time and direction leave, and which filters the row misses. Written by totals.ts.
  up: number; down: number; w: number; miss: number;
}

/** A site or service in no entry of the catalogue. Its places are no rows: they are a part of those without an app. */
export interface Site { domain: string; names: number; text: string; places: SitePlace[] }
export interface SitePlace { standing: Standing; countries: string[]; operator: string; law: string; sent: number; received: number }

/** Apps with a colour of their own; then one for others, one for no app. */
export const COLORS = 6;
export const OTHERS = 8;
export const NO_APP = 9;
export const NO_NAME = "-";

/**
 * The bytes of a row over the timeline, spread evenly from its first packet to its last: step, sent, received, and so on. Each step gets
 * what has gone at its end, less what had gone at its start, so that all of them add up to the row.
 */
function spread(raw: Raw, r: RawRow): number[] {
  const step = raw.step * 1000, [first, last] = [r.t[0], Math.max(r.t[0], r.t[1])], whole = last - first + 1;
  const at = (ms: number): number => Math.max(0, Math.min(raw.steps - 1, Math.floor(ms / step))), end = at(last), out: number[] = [];
  let sent = 0, received = 0;
  for (let i = at(first); i <= end; i++) {
    const part = i === end ? 1 : Math.max(0, Math.min(1, ((i + 1) * step - first) / whole)), up = Math.floor(r.u * part), down = Math.floor(r.d * part);
    if (up > sent || down > received) out.push(i, up - sent, down - received);
    sent = up;
    received = down;
  }
  return out;
}

export interface Data extends Raw { all: Row[]; rank: Map<number, number>; known: Site[] }

export const split = (list: string): string[] => list.split(",").filter(Boolean);

export function load(raw: Raw): Data {
  const text = (at: number): string => raw.texts[at] ?? "";
  const all = raw.rows.map((r, index): Row => {
    const [asn, asName, asCountry] = raw.networks[r.n];
    const run = r.o === undefined ? undefined : raw.operators[r.o];
    const countries = [...new Set((r.c ?? []).map((c) => c[0]))];
    return {
      index, id: "", app: r.a ?? -1, standing: r.s, stale: r.y === 1, countries, cities: (r.c ?? []).map((c) => c[1]),
      exclusions: (r.x ?? []).map(([country, verdict, says, reachKm, leastKm]) =>
        ({ country, verdict: text(verdict), says: text(says), reachKm, leastKm })),
      confirmedBy: r.b === undefined ? "" : text(r.b),
      opinions: (r.p ?? []).map(([source, country]) => {
        const out = r.x?.find((x) => x[0] === country);
        return { source: text(source), country, verdict: out ? text(out[1]) : "" };
      }),
      registered: split(r.r ?? ""), asn, asName, asCountry,
      operator: run ? run[0] : asName || "network not known", law: run ? run[1] : "", also: run ? split(run[2]) : [],
      runs: (r.l ?? []).map(([operators, laws, twofold, sent, received]) => {
        const list = split(laws);
        return { operators: text(operators), laws: list, kind: list.length > 1 ? "d" : twofold ? "c" : "r", sent, received };
      }),
      parties: (r.h ?? []).map(text), services: (r.v ?? []).map(text), evidence: (r.e ?? []).map(text),
      misfit: r.m === undefined ? "" : text(r.m),
      sent: r.u, received: r.d, flows: r.k, frame: r.f, capture: r.j ?? 0,
      names: (r.q ?? []).map(([name, source, frame, capture = 0]) => ({ name, source: text(source), frame, capture })),
      namesTotal: r.Q ?? r.q?.length ?? 0, addresses: r.i ?? [], addressesTotal: r.I ?? r.i?.length ?? 0,
      rtt: r.z ? { ms: r.z[0], source: text(r.z[1]), flows: r.z[2] } : null,
      way: r.g ?? [], paths: r.w ?? [], pathsTotal: r.W ?? r.w?.length ?? 0,
      times: spread(raw, r), color: NO_APP, text: "", beside: r.s === "n" || r.s === "p", up: 0, down: 0, w: 0, miss: 0,
    };
  });
  const sums = new Map<number, number>();
  for (const r of all) if (r.app >= 0 && !r.beside) sums.set(r.app, (sums.get(r.app) ?? 0) + r.sent + r.received);
  const rank = new Map([...sums].sort((a, b) => b[1] - a[1] || a[0] - b[0]).map(([app], at) => [app, at]));
  const known = (raw.sites ?? []).map(([domain, names, total, list]): Site => {
    const places = list.map(([standing, codes, operator, law, sent, received]) => ({ standing, countries: split(codes), operator: text(operator), law, sent, received }));
    return { domain, names: total, places, text: [domain, names, places.map((p) => [p.operator, p.countries, p.countries.map((c) => country(raw, c))])].flat(4).join(" ").toLowerCase() };
  });
  const data = { ...raw, all, rank, known };
  const ids = new Map<string, number>();
  for (const r of all) {
    r.color = colorOf(data, r.app);
    const id = [appId(data, r.app), r.countries[0] || r.standing, r.asn ?? 0, r.frame].join("~");
    const seen = ids.get(id) ?? 0;
    ids.set(id, seen + 1);
    r.id = seen ? `${id}~${seen}` : id;
    r.text = [appName(data, r.app), r.operator, r.countries, r.countries.map((c) => country(data, c)), r.cities, r.asn === null ? "" : `as${r.asn}`,
      r.asName, r.services, r.names.map((n) => n.name), r.addresses].flat(2).join(" ").toLowerCase();
  }
  return data;
}

/** The colour of an app follows its rank in the whole report, never the filter. */
export function colorOf(data: Data, app: number): number {
  const rank = data.rank.get(app) ?? OTHERS;
  return app < 0 ? NO_APP : rank < COLORS ? rank : OTHERS;
}
export const appId = (data: Raw, app: number): string => app < 0 ? NO_NAME : data.apps[app][0];
export const appName = (data: Raw, app: number): string => app < 0 ? "no app named" : data.apps[app][1];
export const byId = (data: Raw, id: string): number => id === NO_NAME ? -1 : data.apps.findIndex((app) => app[0] === id);
export const country = (data: Raw, code: string): string => data.countries[code]?.[0] ?? code;
