// One pass over all rows: what every view needs. Each view ignores its own filter, so that one can choose again in it.

import { appId, COLORS, NO_APP, OTHERS, type Data, type Kind, type Row, type Standing } from "./data";
import { S } from "./state";
import { high, sums, type Sums } from "./words";

/** The filters that a row misses. */
export const APP = 1, AT = 2, OP = 4, STA = 8, EVI = 16, Q = 32, JUR = 64;

export interface Group {
  w: number; n: number; keys: Map<string, Sums>; none: Map<string, number>; noneAll: number;
  networks: Map<string, { w: number; law: string }>;
}
export interface Lane { w: number; way: "up" | "down"; kind: Kind; color: number }
export interface Place extends Sums { lanes: Map<string, Lane>; n: number }
export interface Outside { w: number; n: number; by: Map<string, { w: number; km: number; n: number; standing: Standing }> }

export interface Totals {
  /** Bytes and rows that pass all filters; the same beside the total. */
  all: number; up: number; down: number; n: number; rows: Row[]; beside: Row[];
  /** Bytes without any filter. */
  whole: number;
  keys: Map<string, Sums>; none: Map<string, number>; noneAll: number;
  apps: Map<number, Group>; places: Map<string, Place>; outside: Map<Standing, Outside>; standings: Map<Standing, number>;
  /** Bytes of all rows that pass the filters but that of the country: what shares on the map are of. */
  mapAll: number;
  bins: Float64Array[];
}

export function get<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) map.set(key, value = make());
  return value;
}
export const group = (): Group => ({ w: 0, n: 0, keys: new Map(), none: new Map(), noneAll: 0, networks: new Map() });
export const largest = (a: [unknown, Sums], b: [unknown, Sums]): number => high(b[1]) - high(a[1]) || (String(a[0]) < String(b[0]) ? -1 : 1);

/** The chosen stretch of time in steps. */
export function brush(steps: number): [number, number] {
  const match = /^(\d+)-(\d+)$/.exec(S.t);
  const last = Math.max(0, steps - 1);
  return match ? [Math.min(+match[1], last, +match[2]), Math.min(Math.max(+match[2], +match[1]), last)] : [0, last];
}

/** Position of a colour in a step of the timeline. */
const bin = (color: number): number => color === OTHERS ? COLORS : color === NO_APP ? COLORS + 1 : color;

/** How a row counts by country or by law: pairs of key, kind and bytes. What is left over has none. */
export function split(r: Row): { key: string; kind: Kind; w: number }[] | null {
  if (r.beside) return null;
  if (S.by !== "jur") {
    if (!r.countries.length) return null;
    const kind = r.standing as Kind;
    return r.countries.map((key) => ({ key, kind, w: r.w }));
  }
  const out: { key: string; kind: Kind; w: number }[] = [];
  for (const run of r.runs) {
    const w = runBytes(r, run);
    for (const key of run.laws) if (w) out.push({ key, kind: run.kind, w });
  }
  return out.length ? out : null;
}

/** The bytes of a part of a row in the chosen direction and stretch of time. */
function runBytes(r: Row, run: { sent: number; received: number }): number {
  const scale = (part: number, whole: number, now: number): number => whole ? part / whole * now : 0;
  const up = S.dir === "down" ? 0 : scale(run.sent, r.sent, r.up), down = S.dir === "up" ? 0 : scale(run.received, r.received, r.down);
  return up + down;
}

/** The bytes of a row that count for any key. */
function keyed(r: Row): number {
  if (S.by !== "jur") return r.countries.length && !r.beside ? r.w : 0;
  return r.runs.reduce((sum, run) => sum + (run.laws.length ? runBytes(r, run) : 0), 0);
}

export function total(data: Data): Totals {
  const [first, last] = brush(data.steps), isWhole = first === 0 && last === data.steps - 1;
  const words = S.q.toLowerCase().split(/\s+/).filter(Boolean);
  const of = (up: number, down: number): number => S.dir === "up" ? up : S.dir === "down" ? down : up + down;
  const A: Totals = {
    all: 0, up: 0, down: 0, n: 0, rows: [], beside: [], whole: 0, keys: new Map(), none: new Map(), noneAll: 0, apps: new Map(), places: new Map(),
    outside: new Map(), standings: new Map(), mapAll: 0, bins: Array.from({ length: data.steps }, () => new Float64Array(COLORS + 2)),
  };
  for (const r of data.all) {
    let up = r.sent, down = r.received;
    if (!isWhole) {
      up = down = 0;
      for (let i = 0; i < r.times.length; i += 3) if (r.times[i] >= first && r.times[i] <= last) { up += r.times[i + 1]; down += r.times[i + 2]; }
    }
    r.up = up;
    r.down = down;
    const w = r.w = of(up, down);
    const miss = r.miss = misses(data, r, words);
    if (!r.beside) A.whole += of(r.sent, r.received);
    if (!miss && !r.beside) for (let i = 0; i < r.times.length; i += 3) if (r.times[i] < data.steps) A.bins[r.times[i]][bin(r.color)] += of(r.times[i + 1], r.times[i + 2]);
    if (!(miss & ~STA)) A.standings.set(r.standing, (A.standings.get(r.standing) ?? 0) + w);
    if (!w) continue;
    const parts = miss & ~APP ? null : split(r), held = miss & ~APP ? 0 : keyed(r);
    if (!miss) {
      if (r.beside) A.beside.push(r);
      else {
        A.n++;
        A.all += w;
        A.up += up;
        A.down += down;
        A.rows.push(r);
        count(A, r, parts, w - held);
      }
    }
    if (!(miss & ~APP) && !r.beside) {
      const app = get(A.apps, r.app, group);
      app.w += w;
      app.n++;
      get(app.networks, r.operator, () => ({ w: 0, law: r.law })).w += w;
      count(app, r, parts, w - held);
    }
    if (!(miss & ~AT)) onMap(A, r);
  }
  return A;
}

function misses(data: Data, r: Row, words: string[]): number {
  let miss = 0;
  if (S.app && appId(data, r.app) !== S.app) miss |= APP;
  if (S.at && (r.beside || !r.countries.includes(S.at))) miss |= AT;
  if (S.jur && !r.runs.some((run) => run.laws.includes(S.jur))) miss |= JUR;
  if (S.op && r.operator !== S.op) miss |= OP;
  if (S.st && r.standing !== S.st) miss |= STA;
  if (S.ev && (r.evidence[0] ?? "none") !== S.ev) miss |= EVI;
  if (words.length && !words.every((word) => r.text.includes(word))) miss |= Q;
  return miss;
}

function count(to: { keys: Map<string, Sums>; none: Map<string, number>; noneAll: number }, r: Row, parts: ReturnType<typeof split>, rest: number): void {
  for (const part of parts ?? []) get(to.keys, part.key, sums)[part.kind] += part.w;
  if (rest > 1e-6) {
    to.noneAll += rest;
    to.none.set(r.standing, (to.none.get(r.standing) ?? 0) + rest);
  }
}

function onMap(A: Totals, r: Row): void {
  if (!r.beside) A.mapAll += r.w;
  if (r.countries.length && !r.beside) {
    const kind = r.standing as Kind;
    for (const key of r.countries) {
      const place = get(A.places, key, (): Place => ({ ...sums(), lanes: new Map(), n: 0 }));
      place[kind] += r.w;
      place.n++;
      if (S.dir !== "down") lane(place, r, kind, r.up, "up");
      if (S.dir !== "up") lane(place, r, kind, r.down, "down");
    }
    return;
  }
  const out = get(A.outside, r.standing, (): Outside => ({ w: 0, n: 0, by: new Map() }));
  out.w += r.w;
  out.n++;
  for (const one of r.standing === "x" || r.standing === "f" ? r.exclusions : []) {
    const by = get(out.by, one.country, () => ({ w: 0, km: 0, n: 0, standing: r.standing }));
    by.w += r.w;
    by.n++;
    by.km = Math.max(by.km, one.reachKm);
  }
}

function lane(place: Place, r: Row, kind: Kind, w: number, way: "up" | "down"): void {
  if (!w) return;
  const key = S.col === "app" ? `${way}${r.color}${kind === "d" ? "d" : "s"}` : way + kind;
  get(place.lanes, key, (): Lane => ({ w: 0, way, kind, color: r.color })).w += w;
}
