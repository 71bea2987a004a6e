// From app to operator to place: bands as high as their bytes. Every byte of the total is in one band at each side.

import { appId, appName, country, type Data, type Row } from "./data";
import { $, sv, tip } from "./dom";
import { f1 } from "./geometry";
import { S, toggle, type State } from "./state";
import { get, type Totals } from "./totals";
import { bytes, part, STANDINGS } from "./words";

interface Node { name: string; w: number; color?: number; soft: "n" | "d" | null; choice: Partial<State> | null; x: number; y: number; h: number; left: number; right: number }
interface Band { from: Node; to: Node; color: number; w: number; y0: number; y1: number; soft: boolean }

const NARROW = 640, HEAD = 24, FOOT = 10, BAR = 10, LETTER = 6.7;

export function alluvial(data: Data, A: Totals, svg: SVGSVGElement): void {
  const W = svg.clientWidth, H = svg.clientHeight;
  if (!W) return;
  svg.setAttribute("viewBox", `0 0 ${W} ${H}`);
  const law = S.by === "jur", narrow = W < NARROW;
  $("cap").textContent = `Height is bytes. Dashed, pale bands: the place is one of several that databases name${law ? ", or two laws apply" : ""}. Grey ends: no place can be named. Press a name to keep only it.`;
  if (!A.all) return svg.replaceChildren(sv("text", { x: W / 2, y: H / 2, "text-anchor": "middle" }, "Nothing matches these filters."));
  const { columns, bands } = build(data, A, narrow);
  const most = Math.max(...columns.map((column) => column.length)), gap = Math.min(18, Math.max(narrow ? 10 : 6, H * 0.4 / most)), k = Math.max(0.0000001, (H - HEAD - FOOT - gap * (most - 1)) / A.all);
  const xs = narrow ? [0, W / 2 - 5, W - BAR] : [Math.min(230, W * 0.2), W / 2 - 5, W - Math.min(240, W * 0.22)];
  const nodes = columns.flatMap((column, at) => {
    let y = HEAD + (H - HEAD - FOOT - k * A.all - gap * (column.length - 1)) / 2, before = -99;
    return column.map((node) => {
      Object.assign(node, { x: xs[at], y, h: Math.max(1, node.w * k), left: y, right: y });
      y += node.w * k + gap;
      const textY = Math.max(node.y + node.h / 2 + 4, before + 13);
      before = textY;
      return drawn(node, at, textY, narrow, W, A.all);
    });
  });
  for (const band of bands.slice().sort((a, b) => a.from.y - b.from.y || a.to.y - b.to.y)) { band.y0 = band.from.right; band.from.right += band.w * k; }
  for (const band of bands.slice().sort((a, b) => a.to.y - b.to.y || a.from.y - b.from.y)) { band.y1 = band.to.left; band.to.left += band.w * k; }
  const ribbons = bands.sort((a, b) => b.w - a.w).map((band) => {
    const x0 = band.from.x + BAR, x1 = band.to.x, m = f1((x0 + x1) / 2), h = Math.max(0.6, band.w * k), [a, b] = [band.y0, band.y1], color = `var(--a${band.color})`;
    const d = `M${f1(x0)} ${f1(a)}C${m} ${f1(a)} ${m} ${f1(b)} ${f1(x1)} ${f1(b)}v${f1(h)}C${m} ${f1(b + h)} ${m} ${f1(a + h)} ${f1(x0)} ${f1(a + h)}Z`;
    const text = `${band.from.name} → ${band.to.name}: ${bytes(band.w)}`;
    return sv("path", { class: "rib", d, fill: color, "fill-opacity": band.soft ? 0.16 : 0.42, stroke: band.soft ? color : null, "stroke-dasharray": band.soft ? "3 2" : null, on: { pointerenter: (event) => tip(text, event), pointerleave: () => tip() } });
  });
  const head = (x: number, text: string, anchor: string): SVGElement => sv("text", { x: f1(x), y: 12, "text-anchor": anchor, class: "q" }, text);
  svg.replaceChildren(sv("g", {}, ribbons), sv("g", {}, nodes), head(narrow ? 0 : xs[0] + BAR, "App", narrow ? "start" : "end"), head(xs[1] + 5, narrow ? "Operator" : "Operator of the network", "middle"),
    head(narrow ? W : xs[2], law ? "Jurisdiction" : narrow ? "Country" : "Country of the endpoint", narrow ? "end" : "start"));
}

function build(data: Data, A: Totals, narrow: boolean): { columns: Node[][]; bands: Band[] } {
  const law = S.by === "jur";
  const keys = (r: Row): string[] => law ? [...new Set(r.runs.flatMap((run) => run.laws))].sort() : r.countries;
  const place = (r: Row): string => keys(r).map((c) => country(data, c)).sort().join(" or ") || (law ? "not known" : STANDINGS[r.standing]);
  const top = <K>(of: (r: Row) => K, n: number): Set<K> => {
    const sums = new Map<K, number>();
    for (const r of A.rows) sums.set(of(r), (sums.get(of(r)) ?? 0) + r.w);
    return new Set([...sums].sort((a, b) => b[1] - a[1]).slice(0, n).map(([key]) => key));
  };
  const n = narrow ? 6 : 9, apps = top((r) => r.app, narrow ? 5 : 8), operators = top((r) => r.operator, n), places = top(place, n + 2);
  const columns = [new Map<string, Node>(), new Map<string, Node>(), new Map<string, Node>()], bands = new Map<string, Band>();
  const node = (at: number, name: string, extra: Partial<Node>): Node => get(columns[at], name, (): Node => ({ name, w: 0, soft: null, choice: null, x: 0, y: 0, h: 0, left: 0, right: 0, ...extra }));
  for (const r of A.rows) {
    const named = apps.has(r.app), color = named || r.app < 0 ? r.color : 8, list = keys(r), where = place(r);
    const a = node(0, r.app >= 0 && !named ? "other apps" : appName(data, r.app), { color, choice: named || r.app < 0 ? { app: appId(data, r.app) } : null });
    const o = operators.has(r.operator) ? node(1, r.operator, { choice: { op: r.operator } }) : node(1, "other operators", {});
    const p = !places.has(where) ? node(2, "other places", {}) : node(2, where, {
      soft: list.length > 1 ? "d" : list.length ? null : "n",
      choice: list.length === 1 ? { [law ? "jur" : "at"]: list[0] } : !law && !list.length ? { st: r.standing } : null,
    });
    for (const one of [a, o, p]) one.w += r.w;
    const band = (at: number, from: Node, to: Node, soft: boolean): void => {
      get(bands, `${at}\n${from.name}\n${to.name}\n${color}\n${soft}`, (): Band => ({ from, to, color, w: 0, y0: 0, y1: 0, soft })).w += r.w;
    };
    band(0, a, o, false);
    band(1, o, p, list.length > 1);
  }
  const isLast = (node: Node): number => /^(other |no app|network not|not known)/.test(node.name) ? 1 : 0;
  return { columns: columns.map((column) => [...column.values()].sort((a, b) => isLast(a) - isLast(b) || b.w - a.w)), bands: [...bands.values()] };
}

function drawn(node: Node, at: number, y: number, narrow: boolean, W: number, whole: number): SVGElement {
  const x = narrow ? [14, node.x + 14, node.x - 4][at] : at === 0 ? node.x - 6 : node.x + 16, anchor = (narrow ? at === 2 : at === 0) ? "end" : "start";
  const room = narrow ? (at === 0 ? W / 2 - 70 : W / 4 - 16) : [node.x - 56, W * 0.28 - 60, W - x - 50][at];
  const most = Math.max(4, Math.floor(room / LETTER)), name = node.name.length > most ? `${node.name.slice(0, most - 1)}…` : node.name;
  const share = narrow && at ? null : sv("tspan", { class: "s" }, part(node.w, whole)), width = name.length * LETTER + (share ? 44 : 4), choice = node.choice;
  const isOn = choice !== null && Object.entries(choice).every(([key, value]) => S[key as keyof State] === value);
  const act = choice && { click: () => toggle(choice), keydown: (event: KeyboardEvent) => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); toggle(choice); } } };
  const fill = node.color !== undefined ? `fill:var(--a${node.color})` : node.soft === "n" ? "fill:var(--n2)" : node.soft === "d" ? "fill:var(--d)" : null;
  return sv("g", { class: `node${isOn ? " on" : ""}`, role: choice ? "button" : null, tabindex: choice ? "0" : null, "aria-label": choice ? `${name} ${part(node.w, whole)}` : null, on: { ...act, pointerenter: (event: PointerEvent) => tip(`${node.name}: ${bytes(node.w)}`, event), pointerleave: () => tip() } },
    name === node.name ? null : sv("desc", {}, node.name),
    sv("rect", { x: f1(anchor === "end" ? x - width : node.x), y: f1(Math.min(node.y, y - 14)), width: f1(anchor === "end" ? node.x + BAR - x + width : x - node.x + width), height: f1(Math.max(node.h, 20)), class: "pad" }),
    sv("rect", { x: node.x, y: f1(node.y), width: BAR, height: f1(node.h), style: fill }), sv("text", { x: f1(x), y: f1(y), "text-anchor": anchor, class: "lab" }, `${name} `, share));
}

