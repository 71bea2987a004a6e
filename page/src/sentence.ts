// The sentence at the top. In the first view it is the one in the file, written by src/output/html/answer.rs with the same rules.

import { appName, country, type Data, type Standing } from "./data";
import { $, el } from "./dom";
import { isFirst, S } from "./state";
import { largest, type Totals } from "./totals";
import { atLeast, bytes, high, isSmall, NBSP, part, range, said, STANDINGS, the, type Sums } from "./words";

let first: Node[] | null = null;

export const verb = (): string => S.dir === "up" ? "sent" : S.dir === "down" ? "received" : "sent and received";

export function sentence(data: Data, A: Totals): void {
  const box = $("lede");
  first ??= [...box.childNodes];
  if (isFirst()) return box.replaceChildren(...first);
  box.replaceChildren(...(data.stale ? [data.stale, " "] : []), ...written(data, A));
}

const bold = (text: string): HTMLElement => el("b", {}, text);
const reasons = (A: Totals): string => {
  const list = [...A.none].sort((a, b) => b[1] - a[1]);
  return list.slice(0, 3).map(([key, w]) => `${STANDINGS[key as Standing]} ${part(w, A.all)}`).join(", ") + (list.length > 3 ? " and others. " : ". ");
};

function written(data: Data, A: Totals): (Node | string)[] {
  const law = S.by === "jur", out: (Node | string)[] = [];
  const beside = A.beside.reduce((sum, r) => sum + r.w, 0);
  if (!A.all) return [beside ? `${bytes(beside)} stand beside the total: ${S.dir === "up" ? "sent to" : "exchanged with"} endpoints that are counted for no country.` : "Nothing matches these filters."];
  const named = new Set(A.rows.map((r) => r.app).filter((app) => app >= 0));
  const ofApps = A.rows.reduce((sum, r) => sum + (r.app < 0 ? 0 : r.w), 0);
  if (named.size === 1 && ofApps === A.all) out.push(`${appName(data, [...named][0])} ${verb()} ${bytes(A.all)}. `);
  else {
    const by = named.size ? `, ${ofApps === A.all ? "all" : `${atLeast(ofApps, A.all)}${NBSP}%`} of it by ${named.size === 1 ? "1 app" : `${named.size} apps`} with a name` : ", for which no app can be named";
    out.push(`The phone ${verb()} ${bytes(A.all)}${by}. `);
  }
  if (isSmall(A.all)) return [...out, "That is too little for percentages."];
  const certain = (e: Sums): number => Math.floor(e.c * 100 / A.all);
  const keys = [...A.keys].sort((a, b) => certain(b[1]) - certain(a[1]) || largest(a, b));
  if (!keys.length) return [...out, bold(`No byte of it can be given a ${law ? "jurisdiction" : "country"}`), law ? "." : `: ${reasons(A)}`];
  const lead = A.noneAll > 1e-6 ? law ? ["For ", bold(part(A.noneAll, A.all)), " nothing says who runs the endpoints. "] : ["For ", bold(part(A.noneAll, A.all)), ` no country can be named: ${reasons(A)}`] : [];
  const mostly = A.noneAll * 2 >= A.all;
  if (mostly) out.push(...lead);
  const verbs = { up: "ended at", down: "came from", both: "was exchanged with" }[S.dir as "up" | "down" | "both"];
  out.push(bold(said(keys[0][1], A.all, law)), law ? ` ${verbs} operators that the law of ` : ` ${verbs} endpoints in `, bold(the(country(data, keys[0][0]))), law ? " reaches" : "");
  keys.slice(1, 3).filter(([, e]) => high(e) * 100 >= A.all).forEach(([key, e], at) =>
    out.push(at ? ", " : "; ", bold(the(country(data, key))), " ", el("span", { class: "nb" }, range(e, A.all, law).replace("≤", "at most"))));
  out.push(". ");
  if (!mostly) out.push(...lead);
  return out;
}
