// Pages made by whither, opened in the Chromium that is installed.
import puppeteer from "puppeteer-core";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../..", import.meta.url));
const find = (candidates) => candidates.find((file) => file && existsSync(file));
const onPath = (names) => (process.env.PATH ?? "").split(":").flatMap((folder) => names.map((name) => join(folder, name)));
export const chromium = find([process.env.WHITHER_CHROMIUM, ...onPath(["chromium", "chromium-browser", "google-chrome"])]);
export const tshark = find(onPath(["tshark"]));
const whither = find([process.env.WHITHER, join(root, "target/release/whither"), join(root, "target/debug/whither")]);

/** Why the tests cannot run here; where `WHITHER_CI` is set that is a failure. */
export const missing = !chromium ? "no Chromium on the path, and WHITHER_CHROMIUM is not set" : !whither ? "whither is not built, and WHITHER does not name it" : null;
if (missing && process.env.WHITHER_CI) throw new Error(missing);

const folder = mkdtempSync(join(tmpdir(), "whither-page-"));
let browser = null;

/** The file of a page. */
export function make(name, ...args) {
  const file = join(folder, `${name}.html`);
  if (!existsSync(file)) execFileSync(whither, ["map", ...args, "--html", file, "--quiet"], { cwd: root, stdio: ["ignore", "ignore", "inherit"] });
  return file;
}
/** A page whose data are changed. */
export function changed(name, from, change) {
  const text = readFileSync(from, "utf8"), start = text.indexOf(">", text.indexOf('id="data"')) + 1, end = text.indexOf("</script>", start), data = JSON.parse(text.slice(start, end));
  const file = join(folder, `${name}.html`);
  writeFileSync(file, text.slice(0, start) + JSON.stringify(change(data) ?? data).replace(/</g, "\\u003c") + text.slice(end));
  return file;
}
export const dataOf = (file) => {
  const text = readFileSync(file, "utf8"), start = text.indexOf(">", text.indexOf('id="data"')) + 1;
  return JSON.parse(text.slice(start, text.indexOf("</script>", start)));
};

/** Opens a page. What it logs, and what it asks of the network, is an error of the test. */
export async function open(file, { hash = "", width = 1440, height = 900, media = [], script = true, print = false } = {}) {
  browser ??= await puppeteer.launch({ executablePath: chromium, args: ["--no-sandbox", "--disable-gpu", "about:blank"] });
  const page = await browser.newPage();
  page.wrong = [];
  page.on("console", (message) => { if (["error", "warn", "warning"].includes(message.type())) page.wrong.push(message.text()); });
  page.on("pageerror", (error) => page.wrong.push(String(error)));
  page.on("request", (request) => { if (request.url().split("#")[0] !== `file://${file}`) page.wrong.push(`asks for ${request.url()}`); });
  await page.setJavaScriptEnabled(script);
  await page.setViewport({ width, height });
  if (print) await page.emulateMediaType("print");
  if (media.some((one) => one.name === "forced-colors")) await (await page.createCDPSession()).send("Emulation.setEmulatedMedia", { features: media });
  else if (media.length) await page.emulateMediaFeatures(media);
  await page.goto(`file://${file}${hash}`);
  return page;
}
export const text = (page, selector) => page.$eval(selector, (element) => element.textContent.replace(/\s+/g, " ").trim());
export const fragment = (page) => page.evaluate(() => location.hash);
export const settle = (page) => page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done()))));
export const close = async () => { await browser?.close(); };

/** A page with so many destinations. */
export function synthetic(count) {
  return changed(`synthetic-${count}`, make("phone", "samples/phone.pcapng", "--from", "Taipei"), (data) => {
    let seed = 7;
    const random = () => (seed = (seed * 48271) % 2147483647) / 2147483647, pick = (list) => list[Math.floor(random() * random() * list.length)];
    const land = JSON.parse(readFileSync(join(root, "data/land.json"), "utf8")), codes = Object.keys(land.c).filter((code) => land.c[code][0]);
    for (const code of codes) data.countries[code] ??= [code, land.c[code][0][1] / 10, land.c[code][0][0] / 10];
    for (let i = 0; i < 80; i++) data.operators.push([`Operator ${i}`, pick(codes), ""]);
    const kinds = [..."crdcrcrafgu"], base = data.rows;
    data.rows = Array.from({ length: count }, (_, i) => {
      const s = pick(kinds), sent = Math.round(Math.exp(random() * 9) * 40), received = Math.round(sent * random() * 4), row = { ...base[i % base.length], s, u: sent, d: received, f: i * 7 + 1 };
      delete row.c;
      delete row.x;
      if ("crd".includes(s)) row.c = (s === "d" ? [pick(codes), pick(codes)] : [pick(codes)]).map((code) => [code, ""]);
      row.q = [1, 2].map((n) => [`n${n}.host${i}.example.org`, 0, i * 7 + n]);
      row.i = [`198.51.${i >> 8}.${i & 255}`];
      row.o = Math.floor(random() * random() * data.operators.length);
      row.l = [[0, data.operators[row.o][1], 1, sent, received]];
      const began = Math.floor(random() * data.steps * data.step * 1000);
      row.t = [began, Math.min(data.steps * data.step * 1000 - 1, began + Math.floor(random() * 20000))];
      if (i % 3) row.a = Math.floor(random() * random() * data.apps.length);
      return row;
    });
  });
}
