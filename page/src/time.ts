// The timeline: bytes by app over time, as far as the report knows: of a destination it has the first and the last packet, between which
// bytes are spread evenly. Drag across it, or move the two handles, to keep a stretch.

import { COLORS, type Data } from "./data";
import { $, el, sv } from "./dom";
import { clock, since } from "./filters";
import { S, set } from "./state";
import { f1 } from "./geometry";
import { verb } from "./sentence";
import { brush, type Totals } from "./totals";
import { later } from "./view";
import { bytes, span } from "./words";

const HEIGHT = 62;
let picture: SVGSVGElement | null = null, low: HTMLInputElement, high: HTMLInputElement, axis: HTMLElement, width = 0, held: number | null = null;

function choose(data: Data, from: number, to: number): void {
  S.t = from === 0 && to === data.steps - 1 ? "" : `${from}-${to}`;
  later(() => set({}));
}

function prepare(data: Data): void {
  const slider = (label: string, moved: (value: number) => void): HTMLInputElement =>
    el("input", { type: "range", min: 0, max: data.steps - 1, "aria-label": label, on: { input: (event) => moved(+event.target.value) } });
  low = slider("From", (value) => { const [, to] = brush(data.steps); choose(data, Math.min(value, to), to); });
  high = slider("To", (value) => { const [from] = brush(data.steps); choose(data, from, Math.max(value, from)); });
  axis = el("div", { class: "axis" });
  const step = (event: PointerEvent): number => {
    const box = picture!.getBoundingClientRect();
    return Math.max(0, Math.min(data.steps - 1, Math.floor((event.clientX - box.left) / box.width * data.steps)));
  };
  picture = sv("svg", {});
  const area = el("div", { class: "area" }, picture);
  area.addEventListener("pointerdown", (event) => { held = step(event); });
  addEventListener("pointermove", (event) => {
    if (held === null) return;
    const now = step(event);
    if (now !== held || S.t) choose(data, Math.min(now, held), Math.max(now, held));
  });
  for (const name of ["pointerup", "pointercancel"] as const) addEventListener(name, () => { held = null; });
  $("time").append(area, el("div", { class: "rng" }, low, high), axis);
}

export const remeasure = (): void => { width = 0; };

export function time(data: Data, A: Totals): void {
  if (!data.all.length) return;
  if (!picture) prepare(data);
  width ||= $("time").clientWidth || 800;
  const [from, to] = brush(data.steps), top = Math.max(1, ...A.bins.map((bin) => bin.reduce((x, y) => x + y, 0))), w = width / data.steps;
  const g = picture!;
  g.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
  g.setAttribute("preserveAspectRatio", "none");
  g.setAttribute("role", "img");
  g.setAttribute("aria-label", `Bytes ${verb()} over time, estimated; most in one step: ${bytes(top)}`);
  const bars: SVGElement[] = [];
  A.bins.forEach((bin, i) => {
    let y = HEIGHT;
    bin.forEach((value, color) => {
      if (!value) return;
      const h = value / top * (HEIGHT - 4);
      y -= h;
      bars.push(sv("rect", { x: f1(i * w), y: y.toFixed(2), width: f1(Math.max(1, w - 1)), height: h.toFixed(2), style: `fill:var(--a${color < COLORS ? color : 8 + color - COLORS})`, opacity: i < from || i > to ? 0.25 : null }));
    });
  });
  g.replaceChildren(...bars, sv("path", { d: `M0 ${HEIGHT - 0.5}H${width}`, stroke: "var(--q)" }),
    ...(S.t ? [sv("rect", { x: f1(from * w), y: 0, width: f1((to - from + 1) * w), height: HEIGHT, class: "brush" })] : []));
  if (document.activeElement !== low) low.value = String(from);
  if (document.activeElement !== high) high.value = String(to);
  low.setAttribute("aria-valuetext", clock(data, from));
  high.setAttribute("aria-valuetext", clock(data, to + 1));
  axis.replaceChildren(el("span", {}, `${clock(data, 0)} ${since(data)}`),
    el("span", {}, `Estimated: each destination’s bytes are spread evenly from its first packet to its last. Tallest bar ${bytes(top)} in ${span(data.step)}.`,
      el("span", { class: "hint" }, S.t ? ` Kept: ${clock(data, from)} to ${clock(data, to + 1)}.` : " Drag across, or move the two handles, to keep a stretch.")), el("span", {}, clock(data, data.steps)));
}
