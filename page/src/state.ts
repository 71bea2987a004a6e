// What the reader chose. The fragment of the address holds what differs from the beginning, so that a link keeps the view.

const FIRST = {
  dir: "up", by: "country", app: "", at: "", jur: "", op: "", st: "", ev: "", q: "", t: "", view: "map", proj: "world", col: "standing", sel: "", live: "",
};
export type State = typeof FIRST;
export type Filter = "app" | "at" | "jur" | "op" | "st" | "ev" | "q" | "t";
export const FILTERS: Filter[] = ["app", "at", "jur", "op", "st", "ev", "q", "t"];

const CHOICES: Partial<Record<keyof State, string[]>> = {
  dir: ["up", "down", "both"], by: ["country", "jur"], view: ["map", "flow"], proj: ["world", "here"], col: ["standing", "app"], live: ["", "1"],
};

export let S: State = { ...FIRST };
let listener: () => void = () => {};

export function read(): void {
  S = { ...FIRST };
  for (const [key, value] of new URLSearchParams(location.hash.slice(1))) {
    const choices = CHOICES[key as keyof State];
    if (key in FIRST && (!choices || choices.includes(value))) S[key as keyof State] = value;
  }
}

export function write(): void {
  const parameters = new URLSearchParams();
  for (const key of Object.keys(FIRST) as (keyof State)[]) if (S[key] !== FIRST[key]) parameters.set(key, S[key]);
  const text = parameters.toString();
  try {
    history.replaceState(null, "", text ? `#${text}` : location.pathname + location.search);
  } catch { /* some viewers of files refuse */ }
}

export const onChange = (f: () => void): void => { listener = f; };
export function set(change: Partial<State>): void {
  Object.assign(S, change);
  write();
  listener();
}
export const isFiltered = (): boolean => FILTERS.some((key) => S[key]);
/** Whether the view is the one that stands in the file. */
export const isFirst = (): boolean => !isFiltered() && S.dir === "up" && S.by === "country";
export const clear = (): void => set(Object.fromEntries(FILTERS.map((key) => [key, ""])));
/** A choice on; off again, if it was on. */
export function toggle(choice: Partial<State>): void {
  const on = Object.entries(choice).every(([key, value]) => S[key as keyof State] === value);
  set(on ? Object.fromEntries(Object.keys(choice).map((key) => [key, ""])) : choice);
}
