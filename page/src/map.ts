// The map: one flow per country, as wide as its bytes; what has no place stands in the tray below, to the same scale.

import { byId, country, type Data } from "./data";
import { $, button, el, sv, tip } from "./dom";
import { group, outside } from "./drawer";
import { alluvial } from "./flow";
import { arc, bounds, circle, distance, EARTH_KM, f1, HERE, isHere, land, path, project, shift, trim, type Land, type Point, type Run } from "./geometry";
import { labels, type Label, type Obstacle } from "./labels";
import { S } from "./state";
import { largest, type Lane, type Place, type Totals } from "./totals";
import { at, dragged, fitPoints, fitTo, isSet, measure, moves, px, size, svg } from "./view";
import { bytes, count, high, ORDER, plural, range, STANDINGS, WHY } from "./words";

/** The widest flow, in pixels. */
const WIDEST = 26;
const RINGS_KM = [250, 500, 1000, 2000, 4000, 7000, 10000, 15000];
/** A country so near the phone on the screen gets a dot instead of a line. */
const NEAR_PX = 26;
const HOME_R = 11;

let data: Data, A: Totals, shapes: Land;
let ground: (SVGGElement & { key?: string }) | null = null, layer: SVGGElement | null = null, marks: SVGElement[] = [];

export function prepare(from: Data, outlines: Land): void {
  data = from;
  shapes = outlines;
  moves(flows, () => { fit(); flows(); }, () => marks);
}

export function map(totals: Totals): void {
  A = totals;
  $("h-pic").textContent = S.view === "flow" ? "From app to operator to place" : isHere() ? "The map, seen from the phone: distances are true" : "The map";
  if (S.view === "flow") {
    layer = null;
    marks = [];
    return alluvial(data, A, svg);
  }
  // Asking for the size after the table was written would make the browser lay out the page once more.
  if (!isSet() && !measure()) return;
  if (!isSet()) fit();
  svg.setAttribute("viewBox", `0 0 ${size.join(" ")}`);
  const drawn = land(shapes);
  if (ground?.key !== drawn.key) {
    ground = sv("g", { class: "land", "aria-hidden": "true" }, Object.entries(drawn.land).map(([code, d]) => sv("path", { d, "data-c": code, "fill-rule": "evenodd" })), sv("path", { class: "b", d: drawn.borders }),
      isHere() ? sv("circle", { cx: 500, cy: 245, r: 250, class: "rim", "vector-effect": "non-scaling-stroke" }) : null);
    ground.key = drawn.key;
  }
  for (const shape of ground.querySelectorAll<SVGPathElement>(".hit")) if (!A.places.has(shape.dataset.c!)) shape.removeAttribute("class");
  for (const code of A.places.keys()) ground.querySelector(`[data-c="${CSS.escape(code)}"]`)?.setAttribute("class", "hit");
  layer = sv("g");
  svg.replaceChildren(ground, layer);
  flows();
}

function fit(): void {
  const places = [...A.places].sort(largest), sum = places.reduce((w, [, e]) => w + high(e), 0) || 1;
  const seen = places.filter(([, e]) => high(e) / sum > 0.002).flatMap(([code]) => data.countries[code] ? [data.countries[code]] : []);
  if (isHere()) {
    const excluded = [...A.outside.values()].flatMap((o) => [...o.by.keys()]).flatMap((code) => data.countries[code] ? [data.countries[code]] : []);
    const far = Math.max(2200, ...[...seen, ...excluded].map(([, la, lo]) => distance(la, lo) * 1.12)), r = Math.min(255, far / EARTH_KM * HERE);
    return fitTo([500 - r, 245 - r, 500 + r, 245 + r]);
  }
  if (!seen.length && !A.outside.size) return fitTo(bounds());
  fitPoints([...(data.from ? [[data.from[1], data.from[2]] as [number, number]] : []), ...seen.map(([, la, lo]): [number, number] => [la, lo])]);
}

/** What is drawn in one go. */
interface Drawing { scale: number; top: number; origin: Point | null; homeR: number; marks: SVGElement[]; labels: Label[]; obstacles: Obstacle[] }

const widthOf = (place: Place, scale: number): number => [...place.lanes.values()].reduce((w, lane) => w + lane.w * scale, 0);
const stroke = (lane: Lane): string => S.col === "app" ? `var(--a${lane.color})` : `var(--${lane.kind})`;

function flows(): void {
  if (!layer || !ground) return;
  const { k, x, y } = at();
  ground.setAttribute("transform", `translate(${f1(x)} ${f1(y)}) scale(${k.toFixed(4)})`);
  const places = [...A.places].sort(largest), from = data.from;
  const top = Math.max(places.length ? high(places[0][1]) : 0, ...[...A.outside.values()].map((o) => o.w), 1), scale = Math.min(WIDEST, size[0] / 22) / top;
  const own = from && A.places.get(from[4]);
  const D: Drawing = { scale, top, origin: from && px(project(from[2], from[1])), homeR: own ? HOME_R + widthOf(own, scale) : 7, marks: [], labels: [], obstacles: [] };
  const rings = isHere() ? ringsOf(D) : [];
  if (from) ruledOut(D);
  for (const [code, e] of places) if (data.countries[code]) one(D, code, e);
  const phone = D.origin ? sv("g", { "aria-hidden": "true" }, sv("circle", { cx: f1(D.origin[0]), cy: f1(D.origin[1]), r: 6, class: "phone" }), sv("circle", { cx: f1(D.origin[0]), cy: f1(D.origin[1]), r: 2, class: "core" })) : null;
  if (D.origin) {
    D.obstacles.push([...D.origin, 8]);
    D.labels.push({ x: D.origin[0], y: D.origin[1], r: D.homeR + 4, text: "phone", kind: "h", w: Infinity });
  }
  const third = places.length ? high(places[Math.min(2, places.length - 1)][1]) : 0;
  const names = labels(D.labels, size, taken(), D.obstacles, third);
  // The widest line lies on top; of circles the smallest, which the others would hide.
  layer.replaceChildren(...rings, ...(from ? D.marks.slice().reverse() : D.marks), ...(phone ? [phone] : []), names);
  marks = D.marks;
  bound();
  key(scale);
  tray(scale);
  $("cap").textContent = (from ? "Lines follow the great circle from the phone to a point inside each country, whatever the city, and are not routes of cables. Width is bytes. "
    : "The place of the phone was not told, so there is nothing to draw lines from. The area of a circle is bytes. ") + "An endpoint is where the connection ended, not where data end up. Outlines: Natural Earth 1:50m; borders are not a statement.";
}

/** Where the controls and the legend of widths stand. */
const taken = (): [number, number, number, number][] => {
  const box: [number, number, number, number][] = [[0, 0, size[0] > 700 ? 205 : 235, size[0] > 700 ? 48 : 58]];
  if (data.from && size[0] > 700) box.push([size[0] - 190, size[1] - 116, size[0], size[1]]);
  return box;
};

function mark(D: Drawing, kind: "c" | "x", code: string, label: string, children: (Node | null)[]): void {
  const g: SVGGElement = sv("g", {
    class: `f${S.at && S.at !== code && kind === "c" ? " dimmed" : ""}`, role: "button", tabindex: "-1", "aria-label": label, "data-k": kind + code,
    on: {
      click: (event: MouseEvent) => {
        if (dragged) return;
        event.stopPropagation();
        tip();
        if (kind === "c") group(S.app ? byId(data, S.app) : null, code, g, "at");
        else outside([...A.outside.keys()].find((s) => A.outside.get(s)!.by.has(code)) ?? "x", code, g);
      },
      pointerenter: (event: PointerEvent) => { if (!dragged) tip(label, event); }, pointerleave: () => tip(),
    },
  }, children);
  D.marks.push(g);
}

function ringsOf(D: Drawing): SVGElement[] {
  const c = px([500, 245]), out: SVGElement[] = [];
  for (const km of RINGS_KM) {
    const r = km / EARTH_KM * HERE * at().k;
    if (r < 70 || r > Math.max(...size)) continue;
    out.push(sv("circle", { cx: f1(c[0]), cy: f1(c[1]), r: f1(r), class: "ringk" }));
    D.labels.push({ r: 0, x: c[0] + r * 0.62, y: c[1] + r * 0.785 - 3, text: `${count(km)} km, ≥ ${Math.round(km / data.km_per_ms)} ms`, fixed: true, w: 0 });
  }
  return out;
}

/** The line ends where the round trip ends, with a bar across. The country that it excludes is named only from the phone. */
function ruledOut(D: Drawing): void {
  const all = [...A.outside].flatMap(([standing, out]) => [...out.by].map(([code, e]) => ({ code, e, standing })));
  for (const { code, e, standing } of all.sort((a, b) => b.e.w - a.e.w)) {
    const q = data.countries[code];
    if (!q) continue;
    const share = Math.min(0.97, e.km / Math.max(1, distance(q[1], q[2]))), w = Math.max(1, e.w * D.scale), place = A.places.get(code);
    const side = place ? widthOf(place, D.scale) / 2 + w / 2 + 2 : 0;
    const raw = arc(q[1], q[2], share).map((run): Run => run.map(px));
    if (!raw.length) continue;
    const length = raw.reduce((sum, run) => sum + run.slice(1).reduce((l, p, i) => l + Math.hypot(p[0] - run[i][0], p[1] - run[i][1]), 0), 0);
    // A reach shorter than the mark of the phone is drawn a little longer, so that it can be seen.
    const grown = length < D.homeR + 14 && length > 0 ? arc(q[1], q[2], Math.min(0.97, share * (D.homeR + 14) / length)).map((run): Run => run.map(px)) : raw;
    const runs = trim(grown, D.homeR + 2, 0).map((run) => shift(run, side)), run = runs[runs.length - 1], a = run[run.length - 2], b = run[run.length - 1];
    if (!a || !b) continue;
    const l = Math.hypot(b[0] - a[0], b[1] - a[1]) || 1, nx = -(b[1] - a[1]) / l, ny = (b[0] - a[0]) / l, half = w / 2 + (w > 2 ? 5 : 3), p = px(project(q[2], q[1]));
    const named = isHere(), label = named ? `${country(data, code)} ${STANDINGS[standing]}: answered within ${count(Math.round(e.km))} km; ${bytes(e.w)}` : `${bytes(e.w)} ${standing === "x" ? "whose country is ruled out" : "whose country does not fit the round trip"}: answered within ${count(Math.round(e.km))} km`;
    mark(D, "x", code, label, [
      sv("path", { class: "hitp", d: path(runs), "stroke-width": Math.max(16, w + 8) }), sv("path", { class: "halo", d: path(runs), "stroke-width": f1(w + 2) }),
      sv("path", { class: "lane", d: path(runs), stroke: "var(--n2)", "stroke-width": f1(w) }),
      sv("path", { d: `M${f1(b[0] + nx * half)} ${f1(b[1] + ny * half)}L${f1(b[0] - nx * half)} ${f1(b[1] - ny * half)}`, stroke: "var(--n)", "stroke-width": w > 2 ? 2.5 : 1.5 }),
      named && !place ? sv("path", { d: `M${f1(p[0] - 4)} ${f1(p[1] - 4)}l8 8m0-8l-8 8`, stroke: "var(--n)", "stroke-width": 1.8, fill: "none" }) : null,
    ]);
    if (!named || place) continue;
    D.obstacles.push([p[0], p[1], 6]);
    const seen = p[0] > 0 && p[0] < size[0] && p[1] > 0 && p[1] < size[1];
    D.labels.push({ x: seen ? p[0] : b[0], y: seen ? p[1] : b[1], r: 8, text: `${country(data, code)} ${STANDINGS[standing]}`, kind: "x", w: e.w * 0.3 });
  }
}

/** The flow to one country. */
function one(D: Drawing, code: string, e: Place): void {
  const q = data.countries[code], p = px(project(q[2], q[1])), all = high(e), whole = A.mapAll || 1;
  const text = country(data, code) + (all / whole < 0.005 ? "" : ` ${range(e, whole)}`);
  const label = `${country(data, code)}: ${bytes(e.c)} confirmed${e.r ? `, ${bytes(e.r)} reported` : ""}${e.d ? `, ${bytes(e.d)} where databases differ` : ""}; ${plural(e.n, "destination")}`;
  const lanes = [...e.lanes.values()].sort((a, b) => (a.way < b.way ? 1 : a.way > b.way ? -1 : 0) || a.color - b.color || "crd".indexOf(a.kind) - "crd".indexOf(b.kind));
  const width = widthOf(e, D.scale);
  if (!D.origin) return circles(D, code, e, p, text, label);
  const o = D.origin, isHome = code === data.from![4];
  if (isHome) return home(D, code, lanes, text, label, width, all);
  if (Math.hypot(p[0] - o[0], p[1] - o[1]) < NEAR_PX) {
    const widest = lanes.reduce((a, b) => b.w > a.w ? b : a, lanes[0]);
    mark(D, "c", code, label, [sv("circle", { cx: f1(p[0]), cy: f1(p[1]), r: 9, fill: "transparent" }), sv("circle", { cx: f1(p[0]), cy: f1(p[1]), r: f1(Math.max(2.5, width / 2)), fill: widest ? stroke(widest) : "var(--r)", stroke: "var(--g)" })]);
    D.obstacles.push([p[0], p[1], width / 2 + 2]);
    D.labels.push({ x: p[0], y: p[1], r: 8, text, w: all });
    return;
  }
  const raw = arc(q[1], q[2]).map((run): Run => run.map(px));
  if (!raw.length) return;
  const head = Math.max(7, width * 0.75 + 5), sends = lanes.some((lane) => lane.way === "up"), receives = lanes.some((lane) => lane.way === "down");
  const runs = trim(raw, D.homeR + 2, 5 + (sends ? head : 0)), lastRun = runs[runs.length - 1], end = lastRun[lastRun.length - 1];
  D.obstacles.push([end[0], end[1], Math.max(6, width / 2 + 6)], [p[0], p[1], 5]);
  if (width > 5) for (const run of runs) for (let i = 0; i < run.length; i += 2) D.obstacles.push([run[i][0], run[i][1], width / 2 + 1]);
  const middle = path(runs);
  const parts: SVGElement[] = [sv("path", { class: "halo", d: middle, "stroke-width": f1(Math.max(1, width) + 2.5) })];
  // Thin lines are hard to hit.
  if (width < 8) parts.unshift(sv("path", { class: "hitp", d: middle, "stroke-width": 14 }));
  const ends = { up: { low: Infinity, high: -Infinity, w: 0, color: "" }, down: { low: Infinity, high: -Infinity, w: 0, color: "" } };
  let off = -width / 2;
  for (const lane of lanes) {
    const w = lane.w * D.scale, side = ends[lane.way];
    side.low = Math.min(side.low, off);
    side.high = Math.max(side.high, off + w);
    if (w > side.w) Object.assign(side, { w, color: stroke(lane) });
    parts.push(sv("path", { class: "lane", d: lanes.length === 1 ? middle : path(runs.map((run) => shift(run, off + w / 2))), stroke: stroke(lane), "stroke-width": Math.round(Math.max(1, w) * 100) / 100, "stroke-dasharray": lane.kind === "d" ? "3 2" : null, "stroke-opacity": S.col === "app" && lane.kind === "r" ? 0.75 : null }));
    off += w;
  }
  if (sends) parts.push(arrow(lastRun, ends.up.low, ends.up.high, Math.min(head, 22), ends.up.color));
  if (receives) parts.push(arrow(runs[0].slice().reverse(), -ends.down.high, -ends.down.low, Math.min(head, 14), ends.down.color));
  parts.push(sv("circle", { cx: f1(p[0]), cy: f1(p[1]), r: 3, class: "spot" }));
  mark(D, "c", code, label, parts);
  D.labels.push({ x: p[0], y: p[1], r: 8, text, w: all });
}

function arrow(run: Run, low: number, top: number, length: number, color: string): SVGElement {
  const b = run[run.length - 1], a = run[Math.max(0, run.length - 3)], l = Math.hypot(b[0] - a[0], b[1] - a[1]) || 1, ux = (b[0] - a[0]) / l, uy = (b[1] - a[1]) / l;
  const m = (low + top) / 2, h = Math.max(4, (top - low) / 2 + 3.5), x = b[0] - uy * m, y = b[1] + ux * m;
  return sv("path", { d: `M${f1(x + ux * length)} ${f1(y + uy * length)}L${f1(x - uy * h)} ${f1(y + ux * h)}L${f1(x + uy * h)} ${f1(y - ux * h)}Z`, fill: color, class: "arrow" });
}

/** The phone's own country: a ring around it. */
function home(D: Drawing, code: string, lanes: Lane[], text: string, label: string, width: number, all: number): void {
  const [x, y] = D.origin!, parts: SVGElement[] = [
    sv("circle", { cx: f1(x), cy: f1(y), r: f1(HOME_R + width / 2 + 1), fill: "transparent" }),
    sv("circle", { class: "halo", cx: f1(x), cy: f1(y), r: f1(HOME_R + width / 2), "stroke-width": f1(width + 3) }),
  ];
  let r = HOME_R;
  for (const lane of lanes) {
    const w = Math.max(1, lane.w * D.scale);
    parts.push(sv("circle", { class: "lane", cx: f1(x), cy: f1(y), r: f1(r + w / 2), stroke: stroke(lane), "stroke-width": f1(w), "stroke-dasharray": lane.kind === "d" ? "2 2" : null }));
    r += lane.w * D.scale;
  }
  mark(D, "c", code, `${label}; the phone’s own country`, parts);
  D.labels.unshift({ x, y, r: r + 5, text, sub: "the phone’s own country", w: all * 3 });
  D.obstacles.push([x, y, r]);
}

/** Without a place of the phone: circles by area, solid what is confirmed, dashed to "at most". */
function circles(D: Drawing, code: string, e: Place, p: Point, text: string, label: string): void {
  const most = Math.min(46, size[0] / 16), radius = (w: number): string => f1(Math.max(2.2, Math.sqrt(w / D.top) * most)), grey = S.col === "app" ? "var(--n)" : null;
  const dot = (w: number, fill: string): SVGElement => sv("circle", { cx: f1(p[0]), cy: f1(p[1]), r: radius(w), fill, stroke: "var(--g)" });
  mark(D, "c", code, label, [
    sv("circle", { cx: f1(p[0]), cy: f1(p[1]), r: radius(high(e)), fill: "var(--g)", "fill-opacity": 0.6, stroke: "var(--d)", "stroke-dasharray": e.d ? "2 2" : null, "stroke-width": 1.2 }),
    e.c + e.r ? dot(e.c + e.r, grey ?? "var(--r)") : null, e.c ? dot(e.c, grey ?? "var(--c)") : null, sv("circle", { cx: f1(p[0]), cy: f1(p[1]), r: f1(Math.max(+radius(high(e)), 9)), class: "halo", "stroke-width": 1, "stroke-opacity": 0, fill: "transparent" }),
  ]);
  D.obstacles.push([p[0], p[1], +radius(high(e))]);
  D.labels.push({ x: p[0], y: p[1], r: +radius(high(e)) + 3, text, w: high(e) });
}

/** The circle that the round trip of an open destination allows. */
export function bound(): void {
  if (!layer?.isConnected) return;
  for (const old of layer.querySelectorAll(".bound")) old.remove();
  const r = S.sel.startsWith("d.") ? data.all.find((row) => `d.${row.id}` === S.sel) : undefined;
  const km = r?.exclusions.length ? Math.min(...r.exclusions.map((e) => e.reachKm)) : 0;
  if (!km || !data.from) return;
  let d = "", last: Point | null = null;
  for (const q of circle(km)) {
    const p = px(q);
    d += `${last && Math.hypot(p[0] - last[0], p[1] - last[1]) < 250 ? "L" : "M"}${f1(p[0])} ${f1(p[1])}`;
    last = p;
  }
  layer.append(sv("path", { class: "bound", d, "aria-hidden": "true" }));
}

const round = (w: number): number => {
  const power = 10 ** Math.floor(Math.log10(w)), m = w / power;
  return (m >= 5 ? 5 : m >= 2 ? 2 : 1) * power;
};
/** The legend of widths: three real arrows. */
function key(scale: number): void {
  const box = $("key");
  if (!data.from || !(A.all || A.outside.size)) return box.replaceChildren();
  const g = sv("svg", { width: 168, height: 58, "aria-hidden": "true" });
  let y = 8;
  for (const w of new Set([26, 10, 3].map((pixels) => round(Math.max(1, pixels / scale * 0.99))))) {
    const width = Math.max(1, w * scale), middle = f1(y + width / 2);
    g.append(sv("path", { d: `M4 ${middle}h46`, stroke: "var(--n)", "stroke-width": f1(width) }), sv("path", { d: `M50 ${f1(y - 3)}l8 ${f1(width / 2 + 3)}l-8 ${f1(width / 2 + 3)}z`, fill: "var(--n)" }), sv("text", { x: 66, y: f1(y + width / 2 + 4), class: "q" }, bytes(w)));
    y += Math.max(width, 8) + 8;
  }
  g.setAttribute("height", String(y));
  box.replaceChildren(g, "below 1 px drawn 1 px wide");
}

/** What has no place, to the same scale. */
function tray(scale: number): void {
  const list = ORDER.flatMap((standing) => A.outside.has(standing) ? [[standing, A.outside.get(standing)!] as const] : []);
  if (!list.length) return $("tray").replaceChildren();
  const all = list.reduce((w, [, o]) => w + o.w, 0);
  $("tray").replaceChildren(el("p", {}, `Not on the map${data.from ? ", drawn to the same scale" : ""}: ${bytes(all)} at endpoints without a place`), ...list.map(([standing, o]) => {
    const height = Math.max(14, Math.min(30, o.w * scale + 2));
    return button([sv("svg", { width: 30, height, "aria-hidden": "true" }, sv("path", { d: `M0 ${height / 2}h30`, stroke: "xf".includes(standing) ? "var(--n)" : "var(--n2)", "stroke-width": Math.max(1, o.w * scale).toFixed(1), "stroke-dasharray": standing === "n" ? "2 4" : null })),
      el("span", {}, STANDINGS[standing]), el("small", {}, `${bytes(o.w)}, ${o.n}`)], (event) => outside(standing, null, event.currentTarget), { "aria-pressed": String(S.st === standing), title: WHY[standing] });
  }));
}
