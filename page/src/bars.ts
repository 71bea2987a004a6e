// Bars for intervals, and a list of pairs.

import type { Kind } from "./data";
import { el } from "./dom";
import type { Sums } from "./words";

const bar = (kind: string, w: number, of: number): HTMLElement => el("i", { class: `t-${kind}`, style: `width:${100 * w / of}%` });
export const track = (e: Sums, of: number): HTMLElement =>
  el("span", { class: "track", "aria-hidden": "true" }, (["c", "r", "d"] as Kind[]).map((kind) => e[kind] ? bar(kind, e[kind], of) : null));
export const greyTrack = (w: number, of: number): HTMLElement => el("span", { class: "track", "aria-hidden": "true" }, bar("n", w, of));
export const pairs = (...list: ([string, Node | string | (Node | string)[]] | null)[]): HTMLElement =>
  el("dl", {}, list.map((one) => one ? [el("dt", {}, one[0]), el("dd", {}, one[1])] : null));
