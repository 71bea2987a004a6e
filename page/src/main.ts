// The page's script: reads the data in the page, draws all views, and draws them anew when a choice changes.

import { load, type Raw } from "./data";
import { $ } from "./dom";
import { follow, prepareDrawer, reopen } from "./drawer";
import { controls, filters } from "./filters";
import { place, type Land } from "./geometry";
import { live } from "./live";
import { bound, map, prepare } from "./map";
import { rows } from "./rows";
import { sentence } from "./sentence";
import { onChange, read, S } from "./state";
import { legend, table } from "./table";
import { remeasure, time } from "./time";
import { total, type Totals } from "./totals";
import { forget } from "./view";

const RESIZE_MS = 120;
const parse = <T>(id: string): T => JSON.parse($(id).textContent!) as T;

function start(): void {
  const began = performance.now();
  const data = load(parse<Raw>("data"));
  document.body.classList.toggle("nothing", !data.all.length);
  place(data.from);
  read();
  if (!data.from) S.proj = "world";
  let A: Totals;
  const draw = (): void => {
    A = total(data);
    follow(A);
    sentence(data, A);
    legend(A);
    table(data, A);
    controls(data, A);
    map(A);
    time(data, A);
    rows(data, A);
  };
  prepareDrawer(data, bound);
  prepare(data, parse<Land>("land"));
  filters(data, forget);
  onChange(draw);
  draw();
  if (S.sel) reopen();
  live();
  addEventListener("hashchange", () => {
    const { proj, view } = S;
    read();
    if (!data.from) S.proj = "world";
    if (proj !== S.proj || view !== S.view) forget();
    draw();
    reopen();
    live();
  });
  let wait = 0;
  addEventListener("resize", () => {
    clearTimeout(wait);
    wait = window.setTimeout(() => { forget(); remeasure(); table(data, A); map(A); time(data, A); }, RESIZE_MS);
  });
  for (const name of ["beforeprint", "afterprint"] as const) addEventListener(name, () => { forget(); remeasure(); map(A); time(data, A); });
  // Read by tests: what stands on the page in figures, and how long the start took.
  Object.assign(window, { whither: { total: () => A, rows: data.all, data, state: () => S, startMs: performance.now() - began } });
}
start();
