// Places on the earth to places on the map: Equal Earth (Šavrič, Patterson, Jenny 2018), cut in an ocean, and the azimuthal equidistant
// projection around the phone, in which great circles from it are straight and true to length.

import { S } from "./state";

export type Point = [number, number];
export type Run = Point[];
/** Outlines by country, and borders: tenths of a degree, first point, then steps. */
export interface Land { c: Record<string, number[][]>; b: number[][] }
type From = [string, number, number, number, string] | null;

const RAD = Math.PI / 180;
export const EARTH_KM = 6371;
const A1 = 1.340264, A2 = -0.081106, A3 = 0.000893, A4 = 0.003796, M3 = Math.sqrt(3) / 2;
/** Size of the two maps, in units of their own. */
const WORLD = 181.5, MIDDLE: Point = [500, 245], DISC = 250;
export const HERE = DISC / Math.PI;
/** Middle meridians that cut the map in an ocean. */
const MERIDIANS: Point = [11, 150];

let from: From = null, middle = MERIDIANS[0];
let outlines: { key: string; land: Record<string, string>; borders: string } | null = null;

export function place(phone: From): void {
  from = phone;
  const off = (m: number): number => Math.abs(wrap((phone ? phone[2] : MERIDIANS[0]) - m));
  middle = off(MERIDIANS[0]) <= off(MERIDIANS[1]) ? MERIDIANS[0] : MERIDIANS[1];
  outlines = null;
}
const wrap = (longitude: number): number => ((longitude + 540) % 360 + 360) % 360 - 180;
export const isHere = (): boolean => S.proj === "here" && from !== null;

function equal(longitude: number, latitude: number, side = 0): Point {
  let l = wrap(longitude - middle);
  // An island that lies on both sides of the edge stays on one.
  if (side && (Math.abs(l) > 179.9 || l * side < -175)) l = side * 180;
  const t = Math.asin(M3 * Math.sin(latitude * RAD)), t2 = t * t, t6 = t2 * t2 * t2;
  return [MIDDLE[0] + WORLD * l * RAD * Math.cos(t) / (M3 * (A1 + 3 * A2 * t2 + t6 * (7 * A3 + 9 * A4 * t2))), MIDDLE[1] - WORLD * t * (A1 + A2 * t2 + t6 * (A3 + A4 * t2))];
}

/** The angle between two places in radians. */
export function away(lat1: number, lon1: number, lat2: number, lon2: number): number {
  const cos = Math.sin(lat1 * RAD) * Math.sin(lat2 * RAD) + Math.cos(lat1 * RAD) * Math.cos(lat2 * RAD) * Math.cos((lon2 - lon1) * RAD);
  return Math.acos(Math.max(-1, Math.min(1, cos)));
}
function bearing(lat1: number, lon1: number, lat2: number, lon2: number): number {
  const d = (lon2 - lon1) * RAD;
  return Math.atan2(Math.sin(d) * Math.cos(lat2 * RAD), Math.cos(lat1 * RAD) * Math.sin(lat2 * RAD) - Math.sin(lat1 * RAD) * Math.cos(lat2 * RAD) * Math.cos(d));
}
function azimuthal(longitude: number, latitude: number): Point {
  const d = away(from![1], from![2], latitude, longitude), b = bearing(from![1], from![2], latitude, longitude);
  return [MIDDLE[0] + HERE * d * Math.sin(b), MIDDLE[1] - HERE * d * Math.cos(b)];
}
export const project = (longitude: number, latitude: number): Point => isHere() ? azimuthal(longitude, latitude) : equal(longitude, latitude);

function along(latitude: number, longitude: number, b: number, d: number): Point {
  const la = Math.asin(Math.sin(latitude * RAD) * Math.cos(d) + Math.cos(latitude * RAD) * Math.sin(d) * Math.cos(b));
  return [longitude + Math.atan2(Math.sin(b) * Math.sin(d) * Math.cos(latitude * RAD), Math.cos(d) - Math.sin(latitude * RAD) * Math.sin(la)) / RAD, la / RAD];
}

/** Kilometres from the phone. */
export const distance = (latitude: number, longitude: number): number => away(from![1], from![2], latitude, longitude) * EARTH_KM;

/** The great circle from the phone, or the first part of it, in runs that never jump across the edge of the map. */
export function arc(latitude: number, longitude: number, share = 1): Run[] {
  const [, la, lo] = from!, d = away(la, lo, latitude, longitude) * share, b = bearing(la, lo, latitude, longitude);
  const steps = Math.max(8, Math.ceil(d * 18)), runs: Run[] = [[]];
  let last: Point | null = null;
  for (let i = 0; i <= steps; i++) {
    const q = along(la, lo, b, d * i / steps), p = project(q[0], q[1]);
    if (last && Math.abs(p[0] - last[0]) > DISC) runs.push([]);
    runs[runs.length - 1].push(p);
    last = p;
  }
  return runs.filter((run) => run.length > 1);
}

/** All points at one distance from the phone. */
export function circle(km: number): Point[] {
  const d = Math.min(Math.PI * 0.98, km / EARTH_KM);
  return Array.from({ length: 121 }, (_, i) => {
    const q = along(from![1], from![2], i * 3 * RAD, d);
    return project(q[0], q[1]);
  });
}

/** The box that the whole map fits in: left, top, right, bottom. */
export const bounds = (): [number, number, number, number] => isHere() ? [245, -10, 755, 500] : [4, 4, 996, 480];

/** To a tenth of a pixel; rounding is four times as fast as `toFixed`. */
export const f1 = (value: number): string => String(Math.round(value * 10) / 10);
const ring = (steps: number[]): Point[] => {
  const out: Point[] = [];
  for (let i = 0, x = 0, y = 0; i < steps.length; i += 2) {
    x += steps[i];
    y += steps[i + 1];
    out.push([x / 10, y / 10]);
  }
  return out;
};
function isInside(p: Point[], x: number, y: number): boolean {
  let inside = false;
  for (let i = 0, j = p.length - 1; i < p.length; j = i++) if ((p[i][1] > y) !== (p[j][1] > y) && x < (p[j][0] - p[i][0]) * (y - p[i][1]) / (p[j][1] - p[i][1]) + p[i][0]) inside = !inside;
  return inside;
}
/** Points between, where the projection bends a line. */
function finer(p: Point[]): Point[] {
  const out: Point[] = [];
  const go = (a: Point, b: Point, pa: Point, pb: Point, depth: number): void => {
    if (!depth || Math.hypot(pa[0] - pb[0], pa[1] - pb[1]) <= 9) return void out.push(pb);
    const m: Point = [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2], pm = azimuthal(m[0], m[1]);
    go(a, m, pa, pm, depth - 1);
    go(m, b, pm, pb, depth - 1);
  };
  p.forEach((a, i) => {
    const b = p[(i + 1) % p.length];
    go(a, b, azimuthal(a[0], a[1]), azimuthal(b[0], b[1]), 8);
  });
  return out;
}

/** Outlines and borders as SVG paths. */
export function land(data: Land): { key: string; land: Record<string, string>; borders: string } {
  const key = isHere() ? "here" : `world${middle}`;
  if (outlines?.key === key) return outlines;
  const out: Record<string, string> = {};
  for (const [code, rings] of Object.entries(data.c)) {
    let d = "";
    for (const steps of rings) {
      const p = ring(steps), side = Math.sign(p.reduce((sum, q) => sum + wrap(q[0] - middle), 0));
      const points = isHere() ? finer(p) : p.map((q) => equal(q[0], q[1], side));
      d += `M${points.map((q) => `${f1(q[0])} ${f1(q[1])}`).join("L")}Z`;
      // The country around the far side of the earth is the rim of the disc, with a hole.
      if (isHere() && isInside(p, wrap(from![2] + 180), -from![1])) d += `M${MIDDLE[0] - DISC} ${MIDDLE[1]}a${DISC} ${DISC} 0 1 0 ${2 * DISC} 0a${DISC} ${DISC} 0 1 0-${2 * DISC} 0Z`;
    }
    out[code] = d;
  }
  let borders = "";
  for (const steps of data.b) {
    let last: Point | null = null;
    for (const q of ring(steps)) {
      const p = project(q[0], q[1]);
      borders += `${last && Math.abs(p[0] - last[0]) < 300 ? "L" : "M"}${f1(p[0])} ${f1(p[1])}`;
      last = p;
    }
  }
  return outlines = { key, land: out, borders };
}

/** A run of points, moved sideways. */
export function shift(run: Run, by: number): Run {
  if (!by) return run;
  return run.map((p, i) => {
    const a = run[Math.max(0, i - 1)], b = run[Math.min(run.length - 1, i + 1)], l = Math.hypot(b[0] - a[0], b[1] - a[1]) || 1;
    return [p[0] - (b[1] - a[1]) / l * by, p[1] + (b[0] - a[0]) / l * by];
  });
}

export const path = (runs: Run[]): string => runs.map((run) => `M${run.map((p) => `${f1(p[0])} ${f1(p[1])}`).join("L")}`).join("");

/** Runs that begin and end so many pixels later and earlier. */
export function trim(runs: Run[], start: number, end: number): Run[] {
  const cut = (run: Run, by: number): void => {
    while (run.length > 2 && by > 0) {
      const l = Math.hypot(run[1][0] - run[0][0], run[1][1] - run[0][1]);
      if (l > by) {
        const t = by / l;
        run[0] = [run[0][0] + (run[1][0] - run[0][0]) * t, run[0][1] + (run[1][1] - run[0][1]) * t];
        return;
      }
      run.shift();
      by -= l;
    }
  };
  const out = runs.map((run) => run.slice()), last = out[out.length - 1];
  cut(out[0], start);
  last.reverse();
  cut(last, end);
  last.reverse();
  return out;
}
