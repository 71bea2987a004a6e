// Words and numbers. Intervals are rounded outwards, so that they never claim more than is known; src/output/words.rs has the same rules.

import type { Kind, Standing } from "./data";

export const NBSP = "\u00a0";

export const STANDINGS: Record<Standing, string> = {
  c: "confirmed", r: "reported", d: "databases differ", x: "ruled out", f: "does not fit", g: "registry only", a: "anycast",
  u: "unrouted", k: "unknown", n: "no answer", p: "a person’s device",
};

export const WHY: Record<Standing, string> = {
  c: "Two databases of different lineage agree, or the round trip leaves only this country.",
  r: "One source says so; nothing excludes it.",
  d: "Databases name different countries; each may be right.",
  x: "The answer came back sooner than it could from the country that databases name. The endpoint is somewhere nearer; where is not known.",
  f: "The country that databases name does not fit the round trip. The endpoint is probably somewhere nearer; where is not known.",
  g: "Databases only repeat where the address block is registered. That is not where the endpoint is.",
  a: "One address served from many sites: it has no country.",
  u: "No network announces this address in the tables used.",
  k: "No database knows this address.",
  n: "Sent to, but nothing came back in this capture. It is counted for no country and stands beside the total.",
  p: "An address in an access network, as in a call between two people. Not a service; its address is not shown, and it stands beside the total.",
};

/** In the order of a legend: what has a place, what has none, what stands beside the total. */
export const ORDER = [..."crdxfgauknp"] as Standing[];
export const PLACED = "crd";

export const EVIDENCE: Record<string, string> = {
  owner: "the capture names the app", name: "server name", signature: "wire signature", inherited: "neighbouring flow",
  operator: "operator’s network",
};

const format = new Intl.NumberFormat("en");
export const count = (value: number): string => format.format(value);
export const plural = (value: number, one: string, many = one + "s"): string => `${count(value)} ${value === 1 ? one : many}`;

export function bytes(value: number): string {
  const units = ["B", "kB", "MB", "GB", "TB", "PB"];
  let unit = 0;
  while (value >= (unit ? 999.5 : 1000) && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit && value < 9.95 ? value.toFixed(1) : format.format(Math.round(value))} ${units[unit]}`;
}

/** Bytes that are certain, of one source, disputed. */
export type Sums = Record<Kind, number>;
export const sums = (): Sums => ({ c: 0, r: 0, d: 0 });
export const high = (e: Sums): number => e.c + e.r + e.d;

/** Below so many bytes no percentages are given. */
const LEAST_BYTES = 1000;
export const isSmall = (total: number): boolean => total < LEAST_BYTES;

// Products with 100 stay exact below 2^53 / 100 bytes (90 TB).
export function atLeast(part: number, total: number): string {
  const whole = Math.floor(part * 100 / total);
  return whole === 0 && part > 0 ? "under 1" : String(whole);
}
export function atMost(part: number, total: number): string {
  const whole = Math.ceil(part * 100 / total);
  return whole === 100 && part < total ? "over 99" : String(whole);
}

/** A share as it stands in a table. */
export function range(e: Sums, total: number, law = false): string {
  const upper = high(e);
  if (isSmall(total)) return `${Math.round(upper)} B`;
  if (!upper) return `0${NBSP}%`;
  const low = atLeast(e.c, total), most = atMost(upper, total);
  if (!e.c) return law || e.d ? `≤ ${most}${NBSP}%` : `${most}${NBSP}% reported`;
  return low === most || e.c === upper ? `${low}${NBSP}%` : `${low}–${most}${NBSP}%`;
}

/** The same at the start of a sentence. */
export function said(e: Sums, total: number, law = false): string {
  const low = atLeast(e.c, total), most = atMost(high(e), total);
  if (!e.c) return `At most ${most}${NBSP}%${e.d || law ? "" : " (one source, not confirmed)"}`;
  if (e.c === high(e) || low === most) return `${low[0].toUpperCase()}${low.slice(1)}${NBSP}%`;
  return low === "under 1" ? `At most ${most}${NBSP}%` : `At least ${low}${NBSP}% and at most ${most}${NBSP}%`;
}

export const part = (value: number, total: number): string => isSmall(total) ? `${Math.round(value)} B` : `${atMost(value, total)}${NBSP}%`;

export function span(seconds: number): string {
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ${Math.round(seconds % 3600 / 60)} min`;
  return `${Math.floor(seconds / 86400)} d ${Math.round(seconds % 86400 / 3600)} h`;
}

export const the = (name: string): string => (/^(United |Netherlands|Philippines)/.test(name) ? "the " : "") + name;
export const list = (items: string[]): string => items.length < 2 ? items.join("") : `${items.slice(0, -1).join(", ")} and ${items[items.length - 1]}`;
