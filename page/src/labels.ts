// Names on the map: most bytes first, eight places to try, then eight farther away with a leader; never on another name or a control.

import { sv } from "./dom";
import { f1 } from "./geometry";

export interface Label {
  x: number; y: number; /** Free room around the point. */ r: number; text: string; sub?: string; w: number;
  /** A heading, or something quiet. */ kind?: "h" | "x"; fixed?: boolean;
}
type Box = [left: number, top: number, right: number, bottom: number];
/** A dot or a point of a wide line, with its radius. */
export type Obstacle = [x: number, y: number, r: number];
type Spot = [dx: number, dy: number, anchor: "start" | "middle" | "end"];

const LINE = 15, TWO_LINES = 28, FIXED = 64;
const NEAR = 8;
/** Names tried: of more, the rest is in tips and lists only. */
const MOST = 90;

const pen = document.createElement("canvas").getContext("2d");
const widths = new Map<string, number>();
/** The width of a text as it is drawn, in pixels. */
function width(text: string, isBold = false): number {
  const key = `${isBold}${text}`, known = widths.get(key);
  if (known !== undefined) return known;
  if (pen) pen.font = `${isBold ? 700 : 400} 12.5px ${getComputedStyle(document.body).fontFamily}`;
  const w = pen ? pen.measureText(text).width : text.length * 8;
  widths.set(key, w);
  return w;
}

export function labels(list: Label[], size: [number, number], taken: Box[], obstacles: Obstacle[], covers: number): SVGGElement {
  const out = sv("g", { "aria-hidden": "true" }), boxes = [...taken];
  const hits = (b: Box): boolean => boxes.some((z) => z[0] < b[2] && b[0] < z[2] && z[1] < b[3] && b[1] < z[3]);
  for (const L of list.filter((one) => one.fixed)) {
    const b: Box = [L.x - FIXED, L.y - 12, L.x + FIXED, L.y + 4];
    if (b[0] < 2 || b[2] > size[0] - 2 || b[1] < 2 || b[3] > size[1] - 2 || hits(b)) continue;
    boxes.push(b);
    out.append(sv("text", { x: f1(L.x), y: f1(L.y), class: "lab x", "text-anchor": "middle" }, L.text));
  }
  for (const L of list.filter((one) => !one.fixed).sort((a, b) => b.w - a.w).slice(0, MOST)) {
    if (L.x < -5 || L.y < -5 || L.x > size[0] + 5 || L.y > size[1] + 5) continue;
    const w = Math.max(width(L.text, L.kind === "h"), L.sub ? width(L.sub) : 0) + 6, h = L.sub ? TWO_LINES : LINE;
    const spots = around(L, w, h, size[0]);
    const fits = (soft: boolean): Spot | undefined => spots.find(([dx, dy]) => {
      const b: Box = [L.x + dx, L.y + dy, L.x + dx + w, L.y + dy + h];
      if (b[0] < 2 || b[2] > size[0] - 2 || b[1] < 2 || b[3] > size[1] - 2 || hits(b)) return false;
      return soft || !obstacles.some((d) => (d[0] !== L.x || d[1] !== L.y) && d[0] > b[0] - d[2] && d[0] < b[2] + d[2] && d[1] > b[1] - d[2] && d[1] < b[3] + d[2]);
    });
    const spot = fits(false) ?? (L.w >= covers ? fits(true) : undefined);
    if (!spot) continue;
    const b: Box = [L.x + spot[0], L.y + spot[1], L.x + spot[0] + w, L.y + spot[1] + h];
    boxes.push(b);
    if (spots.indexOf(spot) >= NEAR) out.append(leader(L, b));
    const x = L.x + spot[0] + (spot[2] === "start" ? 2 : spot[2] === "end" ? w - 2 : w / 2), y = L.y + spot[1] + 12, cut = L.text.search(/ (≤|over|under|\d)/);
    out.append(sv("text", { x: f1(x), y: f1(y), "text-anchor": spot[2], class: `lab ${L.kind ?? ""}` },
      cut > 0 && !L.kind ? [L.text.slice(0, cut), sv("tspan", { class: "s" }, L.text.slice(cut))] : L.text, L.sub ? sv("tspan", { x: f1(x), dy: 13, class: "s" }, L.sub) : null));
  }
  return out;
}

function around(L: Label, w: number, h: number, width: number): Spot[] {
  const r = L.r, s = r * 0.7, spots: Spot[] = [
    [r, -h / 2, "start"], [-r - w, -h / 2, "end"], [-w / 2, -r - h, "middle"], [-w / 2, r, "middle"],
    [s, -s - h, "start"], [s, s, "start"], [-s - w, -s - h, "end"], [-s - w, s, "end"],
  ];
  if (L.kind !== "x" && width <= 600) return spots;
  const g = r + 16, q = g * 0.7;
  return [...spots, [g, -h / 2, "start"], [-g - w, -h / 2, "end"], [-w / 2, -g - h, "middle"], [q, -g - h, "start"], [-q - w, -g - h, "end"], [-w / 2, g, "middle"], [q, g, "start"], [-q - w, g, "end"]];
}

function leader(L: Label, b: Box): SVGPathElement {
  const x = Math.max(b[0], Math.min(b[2], L.x)), y = Math.max(b[1], Math.min(b[3], L.y)), l = Math.hypot(x - L.x, y - L.y) || 1, t = Math.min(L.r, l) / l;
  return sv("path", { d: `M${f1(x)} ${f1(y)}L${f1(L.x + (x - L.x) * t)} ${f1(L.y + (y - L.y) * t)}`, stroke: "var(--q)", "stroke-width": 0.8 });
}
