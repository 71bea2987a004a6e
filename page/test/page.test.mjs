import assert from "node:assert/strict";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { execFileSync } from "node:child_process";
import { after, test } from "node:test";
import { changed, close, dataOf, fragment, make, missing, open, settle, synthetic, text, tshark } from "./browser.mjs";

const check = (name, f) => test(name, { skip: missing ?? false }, f);
after(close);

const phone = () => make("phone", "samples/phone.pcapng", "--from", "Taipei");
const PAGES = {
  phone,
  unrouted: () => make("unrouted", "samples/unrouted.pcap", "--from", "Taipei"),
  delhi: () => make("delhi", "samples/claim-delhi.pcap", "--from", "28.61,77.21,50"),
  little: () => make("little", "samples/teredo.pcap"),
  nowhere: () => make("nowhere", "samples/phone.pcapng"),
  local: () => make("local", "samples/names-local.pcap"),
  routed: () => make("routed", "samples/routed.pcap", "--from", "Taipei"),
};
// States that no sample has.
const STATES = {
  one: (data) => { data.rows.length = 1; },
  anycast: (data) => { for (const row of data.rows) { row.s = "a"; delete row.c; } },
  ruledout: (data) => { for (const row of data.rows.filter((r) => r.c)) { const code = row.c[0][0] === "TW" ? "US" : row.c[0][0]; row.s = "x"; row.x = [[code, 0, 0, 800, 2000]]; delete row.c; } },
  disputed: (data) => { for (const row of data.rows.filter((r) => r.c)) { row.s = "d"; row.c = [["SG", ""], ["HK", ""]]; } },
  persons: (data) => { for (const row of data.rows) { row.s = row.f % 2 ? "n" : "p"; delete row.c; } },
};
const state = (name) => changed(name, phone(), STATES[name]);
const VIEWS = ["", "#dir=down", "#dir=both&col=app", "#proj=here", "#view=flow", "#by=jur", "#by=jur&view=flow", "#app=wechat&t=0-20", "#q=weixin", "#st=r&at=CN"];
const quiet = (page) => assert.deepEqual(page.wrong, []);

check("every page and state opens in every view without an error or a request", async () => {
  for (const file of [...Object.values(PAGES).map((f) => f()), ...Object.keys(STATES).map(state)]) {
    const page = await open(file);
    for (const hash of VIEWS) {
      await page.evaluate((h) => { location.hash = h; }, hash);
      await settle(page);
      const long = await page.$$eval("#map path.lane", (paths) => paths.flatMap((path) => path.getAttribute("d").split("M").flatMap((run) => {
        const points = run.split("L").map((p) => p.trim().split(" ").map(Number)).filter((p) => p.length === 2);
        return points.slice(1).map((p, i) => Math.hypot(p[0] - points[i][0], p[1] - points[i][1]));
      })).reduce((a, b) => Math.max(a, b), 0));
      assert.ok(long < 1440 / 5, `${file} ${hash}: a segment of ${long} px`);
      assert.ok(!/NaN|undefined|Infinity/.test(await page.$eval("body", (body) => body.innerHTML.replace(/<script[\s\S]*?<\/script>/g, ""))), `${file} ${hash}`);
    }
    quiet(page);
    await page.close();
  }
});

check("the sentence and the table stand without script, and the script draws the same", async () => {
  for (const name of ["phone", "unrouted", "delhi", "little", "nowhere"]) {
    const read = (page) => page.$$eval("#apps tr", (rows) => Object.fromEntries(rows.map((row) => [row.children[0].firstChild?.tagName === "I" ? row.children[0].querySelector("button").textContent : row.children[0].firstChild.textContent,
      [...row.children].slice(1).map((cell) => cell.textContent.replace(/\s+/g, " ").trim())])));
    const still = await open(PAGES[name](), { script: false }), drawn = await open(PAGES[name]());
    const [before, after] = [await read(still), await read(drawn)];
    assert.ok(Object.keys(after).length >= 2, `${name}: ${Object.keys(after)}`);
    for (const [app, cells] of Object.entries(after)) assert.deepEqual(cells, before[app], `${name}, ${app}`);
    assert.equal(await text(still, "#lede"), await text(drawn, "#lede"));
    // The same words, when a filter that leaves everything makes the script write them.
    await drawn.evaluate(() => { location.hash = "t=0-59&q=."; });
    await settle(drawn);
    quiet(drawn);
    assert.ok(await still.$eval("#bar", (bar) => getComputedStyle(bar).display === "none"));
    await Promise.all([still.close(), drawn.close()]);
  }
});

check("the sums of every view equal the total, for each filter and stretch of time", async () => {
  for (const file of [phone(), state("disputed"), state("ruledout"), synthetic(300)]) {
    const page = await open(file), options = await page.$$eval("#picks select", (all) => all.flatMap((s) => [...s.options].slice(1, 7).map((o) => `${s.dataset.k}=${encodeURIComponent(o.value)}`)));
    const steps = dataOf(file).steps, hashes = ["", ...options, "q=com", `t=0-${steps >> 1}`, `t=3-${steps >> 2}&app=wechat`].flatMap((h) => ["", "&dir=down", "&dir=both&col=app", "&by=jur"].map((more) => h + more));
    for (const hash of hashes) {
      await page.evaluate((h) => { location.hash = h; }, hash);
      await page.evaluate(() => new Promise((done) => setTimeout(done, 0)));
      const wrong = await page.evaluate(() => {
        const { total, rows, data } = window.whither, state = window.whither.state(), A = total(), out = [], sum = (list) => list.reduce((a, b) => a + b, 0), near = (a, b) => Math.abs(a - b) <= 1e-6 * Math.max(1, b) + 1e-3;
        const is = (name, a, b) => { if (!near(a, b)) out.push(`${name}: ${a} of ${b}`); };
        is("rows", sum(A.rows.map((r) => r.w)), A.all);
        const certain = sum([...A.keys.values()].map((e) => e.c));
        const open = sum(A.rows.map((r) => state.by === "jur" ? 0 : "rd".includes(r.standing) ? r.w : 0));
        if (state.by !== "jur") is("intervals", certain + open + A.noneAll, A.all);
        for (const [key, e] of A.keys) if (e.c + e.r + e.d > A.all * 1.000001 + 1) out.push(`${key} more than all`);
        is("without a country", sum([...A.none.values()]), A.noneAll);
        if (!state.app) is("apps", sum([...A.apps.values()].map((a) => a.w)), A.all);
        if (!state.st) is("standings", sum([...A.standings].filter(([s]) => !"np".includes(s)).map(([, w]) => w)), A.all);
        const [from, to] = state.t ? state.t.split("-").map(Number) : [0, data.steps - 1];
        is("timeline", sum(A.bins.slice(from, to + 1).map((bin) => sum([...bin]))), A.all);
        if (!state.at) is("map and tray", sum(rows.filter((r) => !r.miss && r.countries.length && !r.beside).map((r) => r.w)) + sum([...A.outside].filter(([s]) => !"np".includes(s)).map(([, o]) => o.w)), A.all);
        for (const [code, place] of A.places) is(`lanes of ${code}`, sum([...place.lanes.values()].map((l) => l.w)), place.c + place.r + place.d);
        if (rows.some((r) => "xf".includes(r.standing) && r.countries.length)) out.push("a ruled-out row counts for a country");
        return out;
      });
      assert.deepEqual(wrong, [], `${file} #${hash}`);
    }
    quiet(page);
    await page.close();
  }
  const page = await open(phone(), { hash: "#view=flow" });
  const columns = await page.$$eval(".node rect:last-of-type", (bars) => { const sums = {}; for (const bar of bars) sums[bar.getAttribute("x")] = (sums[bar.getAttribute("x")] ?? 0) + Number(bar.getAttribute("height")); return Object.values(sums); });
  assert.equal(columns.length, 3);
  for (const height of columns) assert.ok(Math.abs(height - columns[0]) < 6, `${columns}`);
  await page.close();
});

check("a click on an app keeps it in every view; its link rebuilds the view", async () => {
  const page = await open(phone());
  const before = await text(page, "#total");
  await page.evaluate(() => [...document.querySelectorAll("#apps .link")].find((b) => b.textContent === "TikTok").click());
  assert.equal(await fragment(page), "#app=tiktok");
  const shown = await page.evaluate(() => [...window.whither.total().places.keys()].sort());
  assert.ok(shown.length && !shown.includes("IE") && !shown.includes("JP"), `${shown}`);
  assert.deepEqual(await page.$$eval(".land .hit", (all) => all.map((p) => p.dataset.c).sort()), shown);
  assert.notEqual(await text(page, "#total"), before);
  await page.select('select[data-k="at"]', "SG");
  await page.click('input[name="dir"][value="both"]');
  await page.click('input[name="col"][value="app"]');
  const link = await fragment(page), view = await page.$eval("main", (main) => main.textContent);
  const again = await open(phone(), { hash: link });
  assert.equal(await again.$eval("main", (main) => main.textContent), view);
  assert.equal(await fragment(again), link);
  await page.bringToFront();
  await page.click("#clear");
  assert.equal(await fragment(page), "#dir=both&col=app");
  for (const hash of ["#app=nobody&zzz=1", "#sel=d.gone~1", "#t=9999-1&dir=sideways", "#sel=g.*~cou~<img>", "#proj=here&view=none"]) {
    await again.goto("about:blank");
    again.wrong.length = 0;
    await again.goto(`file://${phone()}${hash}`);
    quiet(again);
    assert.equal(await again.$$eval("img", (all) => all.length), 0);
  }
  quiet(page);
});

check("search finds names, addresses, networks, operators, apps and countries, all words", async () => {
  const page = await open(phone());
  const found = async (words) => {
    await page.$eval("#q", (q, value) => { q.value = value; q.dispatchEvent(new Event("input")); }, words);
    await page.waitForFunction((value) => new URLSearchParams(location.hash.slice(1)).get("q") === (value || null), {}, words);
    return page.evaluate(() => window.whither.total().n);
  };
  const all = await found("");
  for (const words of ["weixin.qq.com", "203.205", "AS32934", "Tencent", "tiktok", "Hong Kong", "tencent hong"]) {
    const n = await found(words);
    assert.ok(n > 0 && n < all, `${words}: ${n} of ${all}`);
  }
  assert.equal(await found("nothing-like-this"), 0);
  assert.match(await text(page, "#lede"), /Nothing matches/);
  quiet(page);
  await page.close();
});

check("the timeline is brushed by pointer and by slider", async () => {
  const page = await open(phone());
  await page.$eval("#time", (time) => time.scrollIntoView({ block: "center" }));
  const box = await (await page.$("#time svg")).boundingBox();
  await page.mouse.move(box.x + box.width * 0.1, box.y + 20);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.3, box.y + 20, { steps: 4 });
  await page.mouse.up();
  await settle(page);
  const first = Number(/^#t=(\d+)-1[78]$/.exec(await fragment(page))[1]);
  const [part, whole] = await page.evaluate(() => [window.whither.total().all, window.whither.total().whole]);
  assert.ok(part > 0 && part < whole);
  await page.focus("#time input");
  await page.keyboard.press("ArrowLeft");
  await settle(page);
  assert.equal(Number(/^#t=(\d+)-1[78]$/.exec(await fragment(page))[1]), first - 1);
  quiet(page);
  await page.close();
});

check("keys go from flow to flow, to a frame number and back", async () => {
  const page = await open(phone());
  await page.evaluate(() => document.getElementById("map").focus());
  await page.keyboard.press("ArrowRight");
  const first = await page.evaluate(() => document.activeElement.dataset.k);
  await page.keyboard.press("ArrowRight");
  assert.notEqual(await page.evaluate(() => document.activeElement.dataset.k), first);
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement.id), "drawer");
  for (let i = 0; i < 30 && !(await page.evaluate(() => document.activeElement.matches("#drawer li button"))); i++) await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  assert.match(await text(page, "#drawer"), /frame [\d,]+/);
  assert.match(await fragment(page), /sel=d\./);
  await page.keyboard.press("Escape");
  assert.equal(await page.evaluate(() => document.activeElement.dataset.k), first);
  assert.equal(await fragment(page), "");
  await page.keyboard.press("+");
  await settle(page);
  await page.keyboard.press("0");
  await settle(page);
  quiet(page);
  await page.close();
});

check("wheel with Ctrl, buttons, drag and pinch move the map; the plain wheel does not", async () => {
  const page = await open(phone());
  const scale = () => page.$eval(".land", (land) => land.getAttribute("transform"));
  await page.$eval("#map", (map) => map.scrollIntoView({ block: "center" }));
  const box = await (await page.$("#map")).boundingBox(), x = box.x + box.width / 3, y = box.y + box.height / 2;
  const moves = async (name, act, differs = true) => {
    const before = await scale();
    await act();
    await settle(page);
    await settle(page);
    assert.equal(before !== await scale(), differs, name);
  };
  await page.mouse.move(x, y);
  await moves("plain wheel", () => page.$eval("#map", (map) => map.dispatchEvent(new WheelEvent("wheel", { deltaY: 100, bubbles: true }))), false);
  await moves("Ctrl and wheel", () => page.$eval("#map", (map) => map.dispatchEvent(new WheelEvent("wheel", { deltaY: -100, ctrlKey: true, bubbles: true, cancelable: true }))));
  await moves("button", () => page.click('[data-z="in"]'));
  await moves("drag", async () => { await page.mouse.move(x, y); await page.mouse.down(); await page.mouse.move(x + 60, y + 20, { steps: 5 }); await settle(page); await page.mouse.up(); });
  await moves("pinch", () => page.$eval("#map", (map) => {
    const send = (type, id, px) => map.dispatchEvent(new PointerEvent(type, { pointerId: id, pointerType: "touch", clientX: px, clientY: 400, bubbles: true }));
    send("pointerdown", 11, 300); send("pointerdown", 12, 400); send("pointermove", 12, 500); send("pointerup", 11, 300); send("pointerup", 12, 500);
  }));
  quiet(page);
  await page.close();
});

check("an excluded country is named in the drawer and from the phone, and nowhere else", async () => {
  const file = changed("refuted", phone(), (data) => { data.countries.BR = ["Brazil", -10, -52]; for (const row of data.rows.filter((r) => r.c?.[0][0] === "IE")) { row.s = "x"; row.x = [["BR", 0, 0, 800, 17000]]; delete row.c; } });
  const page = await open(file), visible = (selector) => page.$eval(selector, (e) => e.innerText + [...e.querySelectorAll("[aria-label]")].map((x) => x.getAttribute("aria-label")).join(" "));
  for (const selector of ["#lede", "#apps", "#map", "#tray", "#rows", "#legend"]) assert.ok(!(await visible(selector)).includes("Brazil"), selector);
  assert.equal(await page.$$eval('.land .hit[data-c="BR"]', (all) => all.length), 0);
  assert.equal(await page.$$eval('select[data-k="at"] option[value="BR"]', (all) => all.length), 0);
  const mark = await page.$('[data-k="xBR"]');
  assert.ok(mark, "a stub where the round trip ends");
  await page.evaluate(() => document.querySelector('[data-k="xBR"]').dispatchEvent(new MouseEvent("click", { bubbles: true })));
  assert.match(await text(page, "#drawer"), /Brazil: ruled out/);
  await page.evaluate(() => { location.hash = "proj=here"; });
  await settle(page);
  assert.match(await page.$eval("#map", (map) => map.textContent), /Brazil ruled out/);
  quiet(page);
  await page.close();
});

check("sites stand apart from apps, follow filters, and add up to no more than what has no app", async () => {
  const file = changed("sites", phone(), (data) => {
    const text = data.texts.push("Somebody Ltd") - 1;
    data.sites = [["shop.example", ["www.shop.example"], 2, [["r", "TW", text, "TW", 900, 100], ["d", "SG,HK", text, "TW", 300, 0], ["a", "", text, "TW", 600, 50]]], ["news.example", [], 1, [["c", "JP", text, "JP", 200, 4000]]]];
  });
  const page = await open(file), names = () => page.$$eval("#apps tr.site th", (all) => all.map((th) => th.querySelector("button").textContent));
  const shown = async (hash) => { await page.evaluate((h) => { location.hash = h; }, hash); await settle(page); return names(); };
  assert.deepEqual(await names(), ["shop.example", "news.example"]);
  assert.match(await text(page, "#apps tr.sub"), /^Sites and services in no entry of the catalogue/);
  const cells = await page.$$eval("#apps tr.site:not(.dim)", (rows) => [...rows[0].children].slice(1).map((cell) => cell.textContent.replace(/\s+/g, " ")));
  assert.deepEqual([cells[0], cells.filter((cell) => cell.includes("%"))], ["1.8 kB", ["50 % reported", "≤ 17 %", "≤ 17 %", "34 % anycast", "Somebody Ltd TW 100 %"]]);
  assert.deepEqual(await shown("dir=down"), ["news.example", "shop.example"]);
  for (const [hash, expected] of Object.entries({ "at=JP": ["news.example"], "q=weixin": [], "by=jur": [], "t=0-20": [] })) assert.deepEqual(await shown(hash), expected, hash);
  await shown("");
  await page.evaluate(() => document.querySelector("#apps tr.site .link").click());
  assert.equal(await fragment(page), "#q=shop.example");
  quiet(page);
  await page.close();
});

check("routers on the way stand in the drawer and the list, gaps as gaps, apart from where it ends", async () => {
  const file = PAGES.routed(), page = await open(file);
  assert.match(await text(page, "#rows"), /on the way: China, Taiwan/);
  for (const selector of ["#lede", "#apps", "#map", "#tray"]) assert.ok(!/China|Taiwan/.test(await text(page, selector)), selector);
  await page.evaluate(() => [...document.querySelectorAll("#rows tr")].find((row) => row.textContent.includes("on the way")).querySelector(".link").click());
  const told = await text(page, "#drawer");
  assert.match(told, /On the way ?China \(reported\), Taiwan \(reported\)/);
  assert.match(told, /1: router ?on a private network: its address is not shown · 0\.6 ms ?2: 168\.95\.98\.254 ?Taiwan, reported · Chunghwa Telecom AS3462 · 7\.9 ms ?3: no answer/);
  assert.ok(!readFileSync(file, "utf8").includes("192.168.1.1"), "no address of the local network");
  quiet(page);
  await page.close();
});

check("names that an attacker chose are text everywhere", async () => {
  const evil = '<img src=x onerror="window.hit=1">';
  const file = changed("hostile", phone(), (data) => {
    data.title = evil;
    data.stale = evil;
    data.captures = data.captures.map(() => evil);
    data.texts = data.texts.map((t, i) => i % 2 ? `${evil}${t}` : t);
    data.apps = data.apps.map(([id, , , law, also]) => [id, evil + id, evil, law, also]);
    data.operators = data.operators.map(([, law, also], i) => [evil + i, law, also]);
    data.networks = data.networks.map(([asn, , country]) => [asn, evil, country]);
    for (const code of Object.keys(data.countries)) data.countries[code][0] = evil + code;
    for (const row of data.rows) { row.q = [[evil, 0, 1, 0]]; row.i = [evil]; if (row.c) row.c = row.c.map(([code]) => [code, evil]); }
    data.from[0] = evil;
    data.sites = [[evil, [evil], 2, [["r", "TW", 1, "TW", 9, 9]]]];
    data.paths = [[evil, evil, 3, [[1, evil, 1, "TW", 1, 2], [2, 4]], 0]];
    for (const row of data.rows) { row.w = [0]; row.g = [["TW", "r"]]; }
  });
  for (const hash of [...VIEWS, "#sel=g.*~cou~CN"]) {
    const page = await open(file, { hash });
    await page.evaluate(() => document.querySelector("#rows .link")?.click());
    await page.evaluate(() => { for (const f of document.querySelectorAll("#map .f")) f.dispatchEvent(new PointerEvent("pointerenter")); });
    assert.equal(await page.$$eval("img", (all) => all.length), 0);
    assert.equal(await page.evaluate(() => window.hit), undefined);
    quiet(page);
    await page.close();
  }
});

check("no text covers another at 1440, 1024 and 390 px, and nothing scrolls sideways down to 320", async () => {
  for (const [name, make] of Object.entries({ ...PAGES, many: () => synthetic(300) })) for (const width of [1440, 1024, 390]) for (const hash of ["", "#proj=here", "#view=flow", "#dir=both"]) {
    const page = await open(make(), { hash, width });
    const over = await page.$$eval("#map text", (all) => {
      const boxes = all.map((t) => [t.textContent, t.getBoundingClientRect()]).filter(([, b]) => b.width);
      return boxes.flatMap(([a, x], i) => boxes.slice(i + 1).filter(([, y]) => x.left < y.right - 1 && y.left < x.right - 1 && x.top < y.bottom - 3 && y.top < x.bottom - 3).map(([b]) => `${a} / ${b}`));
    });
    assert.deepEqual(over, [], `${name} ${hash} at ${width}`);
    await page.close();
  }
  for (const make of Object.values(PAGES)) for (const width of [320, 390, 768, 1024]) {
    const page = await open(make(), { width });
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(wide <= 0, `${make} at ${width}: ${wide} px too wide`);
    await page.close();
  }
});

check("axe finds nothing: table, map, diagram, drawer, dark", async () => {
  const axe = readFileSync(new URL("../node_modules/axe-core/axe.min.js", import.meta.url), "utf8");
  const dark = [{ name: "prefers-color-scheme", value: "dark" }];
  for (const [hash, options] of [["", {}], ["", { media: dark }], ["#view=flow", {}], ["#proj=here&by=jur", {}], ["#sel=g.*~cou~CN", {}], ["#app=wechat&col=app", { width: 390 }], ["#sel=g.*~cou~CN", { media: dark, width: 390 }]]) {
    const page = await open(phone(), { hash, ...options });
    if (hash.includes("sel")) await page.evaluate(() => document.querySelector("#drawer li button")?.click());
    const session = await page.createCDPSession();
    await session.send("Page.setBypassCSP", { enabled: true });
    await page.evaluate(axe);
    const found = await page.evaluate(async () => (await window.axe.run()).violations.map((v) => `${v.id}: ${v.nodes.slice(0, 3).map((n) => `${n.target} ${n.failureSummary}`).join("; ")}`));
    assert.deepEqual(found, [], `${hash} ${JSON.stringify(options)}`);
    await page.close();
  }
});

check("dark, forced colours and print are drawn; a phone's capture prints on three pages at most", async () => {
  const light = await open(phone()), ground = (page) => page.$eval("html", (html) => getComputedStyle(html).backgroundColor);
  const dark = await open(phone(), { media: [{ name: "prefers-color-scheme", value: "dark" }] });
  assert.notEqual(await ground(light), await ground(dark));
  const forced = await open(phone(), { media: [{ name: "forced-colors", value: "active" }] });
  assert.ok(await forced.evaluate(() => matchMedia("(forced-colors: active)").matches));
  const seen = await forced.$$eval(".t-c,.t-r,.t-n", (all) => new Set(all.map((mark) => getComputedStyle(mark).backgroundColor)).size);
  assert.ok(seen >= 3, `marks keep their colours: ${seen}`);
  for (const page of [light, dark]) {
    const pdf = Buffer.from(await page.pdf({ preferCSSPageSize: true, printBackground: true, format: "A4" })), pages = pdf.toString("latin1").match(/\/Type\s*\/Page\b/g).length;
    console.log(`budget: the phone's page prints on ${pages} of 3 pages`);
    assert.ok(pages <= 3, `${pages} pages`);
    quiet(page);
  }
  const print = await open(phone(), { print: true, media: [] });
  assert.equal(await ground(print), "rgb(255, 255, 255)");
  assert.equal(await print.$eval("#bar", (bar) => getComputedStyle(bar).display), "none");
  await Promise.all([light, dark, forced, print].map((page) => page.close()));
});

check("the filter for Wireshark names addresses of both families, and compiles where tshark is", async (t) => {
  const page = await open(phone(), { hash: "#sel=g.*~cou~IE" });
  const filter = await text(page, "#drawer pre");
  assert.match(filter, /^(ip\.addr in \{[\d., ]+\})?( or )?(ipv6\.addr in \{[0-9a-f:, ]+\})?$/);
  await page.close();
  if (!tshark) return t.diagnostic("skipped: no tshark on the path");
  const file = new URL("../../samples/phone.pcapng", import.meta.url).pathname;
  assert.ok(execFileSync(tshark, ["-r", file, "-Y", filter, "-c", "5"]).length > 0);
});

const FILTERS = ["app=tiktok", "app=tiktok&dir=both", "st=r", ""];
const shownAs = (hash) => `filter ${hash || "taken back"}`;
/** Sets a filter, and gives the time by the clock to the second frame after it, in ms. */
const filter = (page, hash) => page.evaluate((h) => new Promise((done) => {
  const began = performance.now();
  location.hash = h;
  addEventListener("hashchange", () => requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - began))), { once: true });
}), hash);
/** What Chromium has measured of a page so far: counts, and ms of the page's own thread, in which other work of the machine does not count. */
const metrics = async (session) => Object.fromEntries((await session.send("Performance.getMetrics")).metrics.map((one) => [one.name, one.name.endsWith("Duration") ? one.value * 1000 : one.value]));
/** Drags the map for a second, and gives the frames of that second. */
const pan = async (page) => {
  await page.$eval("#map", (map) => map.scrollIntoView({ block: "center" }));
  const box = await (await page.$("#map")).boundingBox();
  return page.evaluate((x, y) => new Promise((done) => {
    const map = document.getElementById("map"), send = (type, dx) => map.dispatchEvent(new PointerEvent(type, { pointerId: 1, clientX: x + dx, clientY: y, bubbles: true }));
    let n = 0;
    const began = performance.now();
    send("pointerdown", 0);
    const step = () => {
      send("pointermove", 2 * ++n);
      if (performance.now() - began < 1000) return requestAnimationFrame(step);
      send("pointerup", 2 * n);
      done(n / (performance.now() - began) * 1000);
    };
    requestAnimationFrame(step);
  }), box.x + box.width / 2, box.y + box.height / 2);
};

// Only what is the same on every machine is held to a limit: sizes, elements, layouts, and calls of functions, of which slow code makes many.
check("budgets", async () => {
  const rows = [], say = (what, value, limit, unit) => { rows.push([what, value, limit]); console.log(`budget: ${what}: ${value} of ${limit} ${unit}`); };
  const size = statSync(phone()).size, data = JSON.stringify(dataOf(phone())).length;
  say("page without data", Math.round((size - data) / 1000), 160, "kB");
  say("page of the phone", Math.round(size / 1000), 200, "kB");
  const page = await open(synthetic(5000)), session = await page.createCDPSession();
  await session.send("Performance.enable");
  await session.send("Profiler.enable");
  await session.send("Profiler.startPreciseCoverage", { callCount: true, detailed: false });
  const calls = async () => (await session.send("Profiler.takePreciseCoverage")).result.filter((one) => one.url.startsWith("file:"))
    .reduce((sum, one) => sum + one.functions.reduce((n, f) => n + f.ranges[0].count, 0), 0);
  const made = Object.fromEntries(FILTERS.map((hash) => [hash, { calls: [], layouts: [] }]));
  for (const hash of [...FILTERS, ...FILTERS]) {
    await settle(page);
    await calls();
    const before = await metrics(session);
    await filter(page, hash);
    made[hash].calls.push(await calls());
    made[hash].layouts.push((await metrics(session)).LayoutCount - before.LayoutCount);
  }
  // The lesser of two, since Chromium may lay out the page for reasons of its own.
  for (const [hash, { calls, layouts }] of Object.entries(made)) {
    say(`${shownAs(hash)}, 5,000 destinations`, Math.round(Math.min(...calls) / 1000), 1000, "thousand calls of functions");
    say(`${shownAs(hash)}, 5,000 destinations`, Math.min(...layouts), 1, "layout of the page");
  }
  say("elements with 5,000 destinations", await page.$$eval("*", (all) => all.length), 4000, "");
  // The picture is moved as a whole, and drawn once, when it is let go.
  await page.evaluate(() => {
    window.drawings = 0;
    new MutationObserver(() => { window.drawings++; }).observe(document.getElementById("map"), { childList: true, subtree: true });
  });
  await pan(page);
  await settle(page);
  say("a drag of the map with 5,000 destinations", await page.evaluate(() => window.drawings), 1, "drawing of it");
  quiet(page);
  await page.close();
  for (const [what, value, limit] of rows) assert.ok(value <= limit, `${what}: ${value} > ${limit}`);
});

// Times are for the log, beside what Chromium alone needs in the same run to draw copies of the same elements: no limit of time holds on every machine.
const RUNS = 5;
check("times, for the log", async () => {
  const starts = [], times = Object.fromEntries(FILTERS.map((hash) => [hash, { own: [], clock: [], copies: [] }])), least = (list) => Math.round(Math.min(...list));
  let frames = 0;
  for (let run = 0; run < RUNS; run++) {
    const page = await open(synthetic(5000)), session = await page.createCDPSession();
    starts.push(await page.evaluate(() => window.whither.startMs));
    await session.send("Performance.enable", { timeDomain: "threadTicks" });
    const worked = async () => (await metrics(session)).TaskDuration;
    for (const hash of FILTERS) {
      const before = await worked();
      times[hash].clock.push(await filter(page, hash));
      times[hash].own.push(await worked() - before);
    }
    if (run === RUNS - 1) frames = await pan(page);
    // The page does not know the copies, so they come last.
    for (const hash of FILTERS) {
      await filter(page, hash);
      const before = await worked();
      await page.evaluate(() => {
        for (const id of ["apps", "rows", "map", "tray", "time"]) {
          const box = document.getElementById(id);
          box.replaceChildren(...[...box.childNodes].map((one) => one.cloneNode(true)));
        }
      });
      await settle(page);
      times[hash].copies.push(await worked() - before);
    }
    quiet(page);
    await page.close();
  }
  assert.ok([...starts, frames].every((value) => value > 0));
  console.log(`measured: start with 5,000 destinations: ${least(starts)} ms`);
  for (const [hash, { own, clock, copies }] of Object.entries(times))
    console.log(`measured: ${shownAs(hash)} to the second frame, 5,000 destinations: ${(Math.min(...own) / Math.min(...copies)).toFixed(1)} times what copies of the same elements take (${least(own)} and ${least(copies)} ms of the page's thread; ${least(clock)} ms by the clock)`);
  console.log(`measured: pan with 5,000 destinations: ${Math.round(frames)} frames a second`);
});

check("a page of a capture that goes on loads itself anew only if the reader wants it", async () => {
  const file = join(dirname(phone()), "live.html"), box = '<label><input type="checkbox" id="live" data-every="1"> Load the page anew every 1 s</label>';
  writeFileSync(file, readFileSync(phone(), "utf8").replace("</header>", () => `${box}</header>`));
  const page = await open(file), mark = () => page.evaluate(() => window.mark);
  await page.evaluate(() => { window.mark = 1; });
  await new Promise((done) => setTimeout(done, 1500));
  assert.equal(await mark(), 1, "nobody asked for it");
  await page.click("#live");
  assert.match(await fragment(page), /live=1/);
  // The page is another one, and the link keeps the choice.
  await page.waitForFunction(() => window.mark === undefined && document.getElementById("live")?.checked);
  await page.click("#live");
  assert.doesNotMatch(await fragment(page), /live/);
  await page.evaluate(() => { window.mark = 2; });
  await new Promise((done) => setTimeout(done, 1500));
  assert.equal(await mark(), 2);
  quiet(page);
  await page.close();
});
