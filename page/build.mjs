// Bundles page/src into src/output/html/page.js. `node build.mjs --check` only says whether the committed file is what it would write.
import { build } from "esbuild";
import { readFileSync, writeFileSync } from "node:fs";

const out = new URL("../src/output/html/page.js", import.meta.url);
const result = await build({
  entryPoints: [new URL("src/main.ts", import.meta.url).pathname],
  bundle: true,
  format: "iife",
  target: "es2020",
  charset: "utf8",
  legalComments: "none",
  minifyWhitespace: true,
  minifySyntax: true,
  minifyIdentifiers: true,
  write: false,
});
const text = `"use strict";${result.outputFiles[0].text}`;
// The page holds the script as it is: nothing in it may end the element.
if (/<\/script|<!--/i.test(text)) throw new Error("the script holds what would end it");
if (process.argv.includes("--check")) {
  if (readFileSync(out, "utf8") !== text) throw new Error("src/output/html/page.js is not what page/src builds: npm --prefix page run build");
  console.log("src/output/html/page.js is what page/src builds");
} else {
  writeFileSync(out, text);
  console.log(`src/output/html/page.js: ${Buffer.byteLength(text)} bytes`);
}
