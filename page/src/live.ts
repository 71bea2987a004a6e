// While a capture goes on the page is written anew; here it loads itself anew, if the reader wants that. The fragment keeps the choice.

import { S, set } from "./state";

const MS_PER_S = 1000;
let timer = 0;

/** Does as the state says. A page of a capture that is over has no box. */
export function live(): void {
  const box = document.getElementById("live") as HTMLInputElement | null;
  clearTimeout(timer);
  if (!box) return;
  box.checked = S.live === "1";
  box.onchange = () => { set({ live: box.checked ? "1" : "" }); live(); };
  if (box.checked) timer = window.setTimeout(() => location.reload(), Number(box.dataset.every) * MS_PER_S);
}
