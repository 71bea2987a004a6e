// Which part of the map is seen, and moving it: drag, pinch, Ctrl and wheel, buttons, keys.

import { $, all, tip } from "./dom";
import { bounds, f1, project, type Point } from "./geometry";
import { S } from "./state";

export const svg = document.getElementById("map") as unknown as SVGSVGElement;
const LEAST_ZOOM = 0.4, MOST_ZOOM = 60, STEP = 1.5;
/** Pixels that a pointer moves before it drags. */
const DRAG_PX = 4;

let view: { k: number; x: number; y: number } | null = null;
export let size: [number, number] = [0, 0];
/** Whether the pointer has dragged, so that its release is no click. */
export let dragged = false;

export const isSet = (): boolean => view !== null;
export const forget = (): void => { view = null; };
export const at = (): { k: number; x: number; y: number } => view!;
export const px = (p: Point): Point => [view!.x + p[0] * view!.k, view!.y + p[1] * view!.k];
export function measure(): boolean {
  size = [svg.clientWidth, svg.clientHeight];
  return size[0] > 0;
}
export function fitTo(b: [number, number, number, number]): void {
  const k = Math.min(size[0] / (b[2] - b[0]), size[1] / (b[3] - b[1]));
  view = { k, x: size[0] / 2 - k * (b[0] + b[2]) / 2, y: size[1] / 2 - k * (b[1] + b[3]) / 2 };
}
/** All of these places, with room around them; the world, where they span most of it. */
export function fitPoints(places: [number, number][]): void {
  const points = places.map(([latitude, longitude]) => project(longitude, latitude));
  if (!points.length) return fitTo(bounds());
  const xs = points.map((p) => p[0]), ys = points.map((p) => p[1]);
  const b = [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)], room = 70, least = 190;
  const x = (b[0] + b[2]) / 2, y = (b[1] + b[3]) / 2, w = Math.max(least, b[2] - b[0] + room), h = Math.max(least / 2, b[3] - b[1] + room);
  fitTo(w > 520 ? bounds() : [x - w / 2, y - h / 2, x + w / 2, y + h / 2]);
}

let waiting = false;
/** Once before the next frame, however often it is asked for. */
export function later(f: () => void): void {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => { waiting = false; f(); });
}

export function moves(draw: () => void, fit: () => void, marks: () => SVGElement[]): void {
  const zoom = (f: number, x = size[0] / 2, y = size[1] / 2): void => {
    if (!view) return;
    const k = Math.max(LEAST_ZOOM, Math.min(MOST_ZOOM, view.k * f)), t = k / view.k;
    view = { k, x: x - (x - view.x) * t, y: y - (y - view.y) * t };
    later(draw);
  };
  const fingers = new Map<number, Point>();
  let grab: { x: number; y: number; from: { k: number; x: number; y: number }; spread: number } | null = null;
  const isMap = (): boolean => S.view !== "flow" && view !== null;

  svg.addEventListener("wheel", (event) => {
    if (!isMap() || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    const box = svg.getBoundingClientRect();
    zoom(event.deltaY > 0 ? 0.86 : 1.16, event.clientX - box.left, event.clientY - box.top);
  }, { passive: false });
  svg.addEventListener("pointerdown", (event) => {
    if (!isMap()) return;
    fingers.set(event.pointerId, [event.clientX, event.clientY]);
    dragged = false;
    const [a, b] = [...fingers.values()];
    grab = { x: event.clientX, y: event.clientY, from: { ...view! }, spread: b ? Math.hypot(a[0] - b[0], a[1] - b[1]) : 0 };
  });
  addEventListener("pointermove", (event) => {
    if (!grab || !fingers.has(event.pointerId)) return;
    fingers.set(event.pointerId, [event.clientX, event.clientY]);
    if (fingers.size === 2 && grab.spread) {
      const [a, b] = [...fingers.values()], spread = Math.hypot(a[0] - b[0], a[1] - b[1]), box = svg.getBoundingClientRect();
      dragged = true;
      zoom(spread / grab.spread, (a[0] + b[0]) / 2 - box.left, (a[1] + b[1]) / 2 - box.top);
      grab.spread = spread;
      return;
    }
    const dx = event.clientX - grab.x, dy = event.clientY - grab.y;
    if (!dragged && Math.hypot(dx, dy) < DRAG_PX) return;
    dragged = true;
    tip();
    // The picture is moved as a whole, and drawn anew when it is let go.
    later(() => {
      if (!grab) return;
      view!.x = grab.from.x + dx;
      view!.y = grab.from.y + dy;
      svg.style.transform = `translate3d(${f1(dx)}px,${f1(dy)}px,0)`;
    });
  });
  for (const name of ["pointerup", "pointercancel"] as const) addEventListener(name, (event) => {
    fingers.delete(event.pointerId);
    if (!grab || fingers.size) return;
    grab = null;
    if (dragged) requestAnimationFrame(() => { svg.style.transform = ""; draw(); });
    setTimeout(() => { dragged = false; }, 0);
  });
  const world = (): void => { fitTo(bounds()); draw(); };
  for (const one of all("[data-z]")) one.addEventListener("click", () => {
    if (!isMap()) return;
    ({ fit, world, in: () => zoom(STEP), out: () => zoom(1 / STEP) })[one.dataset.z as "fit" | "world" | "in" | "out"]();
  });

  svg.addEventListener("keydown", (event) => {
    if (!isMap()) return;
    const list = marks(), i = list.indexOf(document.activeElement as unknown as SVGElement), n = list.length;
    const go = (to: number): void => {
      if (!n) return;
      const mark = list[(to + n) % n], box = svg.getBoundingClientRect();
      mark.focus();
      tip(mark.getAttribute("aria-label")!, { clientX: box.left + 8, clientY: box.top + 46 });
    };
    const press = (): void => { document.activeElement?.dispatchEvent(new MouseEvent("click", { bubbles: true })); };
    const keys: Record<string, () => void> = {
      ArrowRight: () => go(i + 1), ArrowDown: () => go(i + 1), ArrowLeft: () => go(i < 0 ? n - 1 : i - 1), ArrowUp: () => go(i < 0 ? n - 1 : i - 1),
      "+": () => zoom(STEP), "=": () => zoom(STEP), "-": () => zoom(1 / STEP), 0: fit, Enter: press, " ": press,
    };
    if (!keys[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    keys[event.key]();
  });
  svg.addEventListener("focusout", () => tip());
  $("mapbox").addEventListener("pointerleave", () => tip());
}
