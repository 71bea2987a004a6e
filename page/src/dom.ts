// Elements from values. Text only ever becomes a text node, so nothing that a capture holds can become markup.

type Child = Node | string | null | undefined | false | Child[];
type Listeners = Record<string, (event: any) => void>;
export type Attributes = Record<string, string | number | boolean | null | undefined | Listeners>;

const SVG = "http://www.w3.org/2000/svg";

function put<T extends Element>(element: T, attributes: Attributes, children: Child[]): T {
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "object") for (const [name, f] of Object.entries(value)) element.addEventListener(name, f);
    else if (key === "style") (element as unknown as HTMLElement).style.cssText = String(value);
    else element.setAttribute(key, value === true ? "" : String(value));
  }
  for (const child of children.flat(9) as Exclude<Child, Child[]>[]) if (child !== null && child !== undefined && child !== false) element.append(child);
  return element;
}

export const el = <K extends keyof HTMLElementTagNameMap>(tag: K, attributes: Attributes = {}, ...children: Child[]): HTMLElementTagNameMap[K] =>
  put(document.createElement(tag), attributes, children);
export const sv = <K extends keyof SVGElementTagNameMap>(tag: K, attributes: Attributes = {}, ...children: Child[]): SVGElementTagNameMap[K] =>
  put(document.createElementNS(SVG, tag), attributes, children);
export const button = (children: Child, click: (event: MouseEvent & { currentTarget: HTMLElement }) => void, attributes: Attributes = {}): HTMLButtonElement =>
  el("button", { type: "button", on: { click }, ...attributes }, children);
export const $ = (id: string): HTMLElement => document.getElementById(id)!;
export const all = <T extends Element = HTMLElement>(selector: string): T[] => [...document.querySelectorAll<T>(selector)];

/** A text beside the pointer. */
export function tip(text?: string, event?: { clientX: number; clientY: number }): void {
  const box = $("tip");
  box.hidden = !text;
  if (!text || !event) return;
  box.textContent = text;
  box.style.left = `${Math.max(4, Math.min(innerWidth - 300, event.clientX + 14))}px`;
  box.style.top = `${event.clientY + 16}px`;
}
export const swatch = (standing: string): HTMLElement =>
  el("i", { class: `sw t-${"xf".includes(standing) ? "x" : "crd".includes(standing) ? standing : "n"}`, "aria-hidden": "true" });
