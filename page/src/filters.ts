// The bar of filters, the line of totals.

import { appId, appName, country, type Data } from "./data";
import { $, all, el } from "./dom";
import { clear, isFiltered, S, set, type Filter } from "./state";
import { brush, get, type Totals } from "./totals";
import { verb } from "./sentence";
import { atLeast, bytes, count, EVIDENCE, STANDINGS } from "./words";

const PICKS: [Filter, string][] = [["app", "App"], ["at", "Country"], ["op", "Operator"], ["jur", "Jurisdiction"], ["st", "Standing"], ["ev", "App known by"]];
const SEGMENTS = ["dir", "by", "view", "proj", "col"] as const;
/** Time between the last key in the search field and the search. */
const TYPING_MS = 120;

export function clock(data: Data, step: number): string {
  const time = new Date((data.start + step * data.step) * 1000);
  if (Number.isNaN(time.getTime())) return "?";
  const text = time.toISOString(), days = data.step * data.steps > 86400 * 1.5;
  return (days ? `${text.slice(0, 10)} ` : "") + text.slice(11, data.step < 0.2 ? 23 : data.step < 60 ? 19 : 16);
}

/** What a time counts from: redacted times count from the first packet. */
export const since = (data: Data): string => data.is_redacted ? "after the first packet" : "UTC";

export function filters(data: Data, moved: () => void): void {
  const options = new Map(PICKS.map(([key]) => [key, new Map<string, [string, number]>()]));
  for (const r of data.all) {
    const add = (key: Filter, value: string, text: string): void => { get(options.get(key)!, value, (): [string, number] => [text, 0])[1] += r.sent + r.received; };
    add("app", appId(data, r.app), appName(data, r.app));
    add("op", r.operator, r.operator);
    add("st", r.standing, STANDINGS[r.standing]);
    add("ev", r.evidence[0] ?? "none", EVIDENCE[r.evidence[0]] ?? "no app named");
    if (!r.beside) for (const code of r.countries) add("at", code, country(data, code));
    for (const code of new Set(r.runs.flatMap((run) => run.laws))) add("jur", code, country(data, code));
  }
  $("picks").replaceChildren(...PICKS.map(([key, label]) => el("label", {}, el("span", {}, label),
    el("select", { "data-k": key, on: { change: (event) => set({ [key]: event.target.value }) } }, el("option", { value: "" }, "all"),
      [...options.get(key)!].sort((a, b) => b[1][1] - a[1][1]).map(([value, [text]]) => el("option", { value }, text))))));
  ($("fold") as HTMLDetailsElement).open = innerWidth > 720;
  for (const name of SEGMENTS) for (const input of all<HTMLInputElement>(`input[name=${name}]`)) input.addEventListener("change", () => {
    if (name === "proj" || name === "view") moved();
    set({ [name]: input.value });
  });
  let typing = 0;
  const q = $("q") as HTMLInputElement;
  q.addEventListener("input", () => {
    clearTimeout(typing);
    typing = window.setTimeout(() => set({ q: q.value.trim() }), TYPING_MS);
  });
  $("clear").addEventListener("click", clear);
}

export function controls(data: Data, A: Totals): void {
  for (const select of all<HTMLSelectElement>("#picks select")) {
    const value = S[select.dataset.k as Filter];
    select.value = value;
    select.classList.toggle("on", !!value);
  }
  for (const name of SEGMENTS) for (const input of all<HTMLInputElement>(`input[name=${name}]`)) input.checked = input.value === S[name];
  const q = $("q") as HTMLInputElement;
  if (document.activeElement !== q) q.value = S.q;
  $("clear").hidden = !isFiltered();
  const [first, last] = brush(data.steps), beside = A.beside.reduce((w, r) => w + r.w, 0);
  const share = A.all < A.whole ? `, ${atLeast(A.all, A.whole)} % of ${bytes(A.whole)}` : ", all of it";
  $("total").replaceChildren(el("b", {}, bytes(A.all)), ` ${verb()}${share} · ${count(A.n + A.beside.length)} of ${count(data.all.length)} destinations`,
    beside ? ` · beside it ${bytes(beside)} without an answer or with a person’s device` : "",
    S.t ? ` · ${clock(data, first)} to ${clock(data, last + 1)} ${since(data)}, estimated` : "", isFiltered() ? " · the address of this page keeps the view" : "");
  const flow = S.view === "flow";
  document.body.classList.toggle("flowview", flow);
  for (const e of all(".maponly")) e.style.display = flow ? "none" : "";
  for (const e of all(".fromonly")) if (!data.from) e.style.display = "none";
}
