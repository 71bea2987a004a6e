"use strict";
(function () {
  const items = JSON.parse(document.getElementById("data").textContent);
  const svg = document.getElementById("world");
  const drawer = document.getElementById("drawer");
  const chips = Array.from(document.querySelectorAll(".chip"));
  const fit = svg.getAttribute("viewBox").split(" ").map(Number);
  let view = fit.slice();
  let from = null; // what had the focus before the drawer opened

  const make = (tag, text, name) => {
    const element = document.createElement(tag);
    if (text !== undefined && text !== null) element.textContent = text;
    if (name) element.className = name;
    return element;
  };

  // Apps on and off: the address's fragment holds what is off, so that a view can be kept and sent.
  const off = new Set();
  const readFragment = () => {
    const match = /(?:^#|&)off=([^&]*)/.exec(location.hash);
    const ids = new Set();
    if (match) for (const id of match[1].split(",")) {
      try { ids.add(decodeURIComponent(id)); } catch { /* not one of ours */ }
    }
    off.clear();
    for (const chip of chips) if (ids.has(chip.dataset.id)) off.add(chip.dataset.id);
  };
  const showApps = () => {
    for (const chip of chips) {
      const hidden = off.has(chip.dataset.id);
      chip.setAttribute("aria-pressed", String(!hidden));
      for (const element of document.querySelectorAll(':is(g,tbody)[data-app="' + chip.dataset.app + '"]'))
        element.classList.toggle("off", hidden);
    }
    for (const dot of document.querySelectorAll(".dots [data-apps]"))
      dot.classList.toggle("off", dot.dataset.apps.split(" ").every((app) => chips.some(
        (chip) => chip.dataset.app === app && off.has(chip.dataset.id))));
    labels();
  };
  for (const chip of chips) chip.addEventListener("click", () => {
    const id = chip.dataset.id;
    if (!off.delete(id)) off.add(id);
    const ids = Array.from(off, encodeURIComponent).join(",");
    try { history.replaceState(null, "", ids ? "#off=" + ids : location.pathname + location.search); } catch { /* file: may refuse */ }
    showApps();
  });
  addEventListener("hashchange", () => { readFragment(); showApps(); });

  // The view: pan by drag, zoom by buttons, keys and ctrl+wheel; a plain wheel scrolls the page.
  const scale = () => {
    const box = svg.getBoundingClientRect();
    return Math.max(view[2] / (box.width || 1), view[3] / (box.height || 1));
  };
  const show = () => {
    svg.setAttribute("viewBox", view.map((value) => value.toFixed(1)).join(" "));
    svg.style.setProperty("--k", scale().toFixed(3));
    labels();
  };
  const zoom = (factor, x, y) => {
    const width = Math.min(2400, Math.max(40, view[2] * factor));
    const real = width / view[2];
    view = [x - (x - view[0]) * real, y - (y - view[1]) * real, width, view[3] * real];
    show();
  };
  const zoomHere = (factor) => zoom(factor, view[0] + view[2] / 2, view[1] + view[3] / 2);
  const move = (dx, dy) => { view[0] += dx * view[2]; view[1] += dy * view[3]; show(); };
  for (const button of document.querySelectorAll("[data-zoom]")) button.addEventListener("click", () => {
    const what = button.dataset.zoom;
    if (what === "fit") { view = fit.slice(); show(); }
    else if (what === "world") { view = [0, 0, 2000, 900]; show(); }
    else zoomHere(Number(what));
  });
  const point = (event) => {
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
    return [at.x, at.y];
  };
  svg.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    zoom(event.deltaY > 0 ? 1.15 : 0.87, ...point(event));
  }, { passive: false });
  let grip = null;
  svg.addEventListener("pointerdown", (event) => { if (event.button === 0) grip = [event.clientX, event.clientY, view.slice(), false]; });
  addEventListener("pointermove", (event) => {
    if (!grip) return;
    const dx = event.clientX - grip[0], dy = event.clientY - grip[1];
    if (!grip[3] && Math.hypot(dx, dy) < 5) return;
    grip[3] = true;
    svg.classList.add("moving");
    const k = scale();
    view = [grip[2][0] - dx * k, grip[2][1] - dy * k, view[2], view[3]];
    show();
  });
  let dragged = false;
  for (const end of ["pointerup", "pointercancel"]) addEventListener(end, () => {
    dragged = Boolean(grip && grip[3]);
    grip = null;
    svg.classList.remove("moving");
  });

  // Names of places where there is room, most bytes first.
  const reach = svg.querySelector(".mark") ? 14 : 8; // rings need room
  const texts = Array.from(svg.querySelectorAll(".dots text"));
  function labels() {
    const k = scale(), taken = [];
    const shown = svg.getBoundingClientRect();
    const middle = view[0] + view[2] / 2, half = (shown.width || 1) * k / 2;
    for (const text of texts) {
      if (text.classList.contains("off")) continue;
      const x = Number(text.dataset.x), y = Number(text.dataset.y);
      const width = text.textContent.length * 7 * k, height = 14 * k;
      const spots = [[reach * k, 4 * k, "start"], [-reach * k, 4 * k, "end"], [0, (reach + 11) * k, "middle"], [0, -(reach + 2) * k, "middle"]];
      const spot = spots.find(([dx, dy, anchor]) => {
        const left = x + dx - (anchor === "end" ? width : anchor === "middle" ? width / 2 : 0);
        const box = [left, y + dy - height, left + width, y + dy + 3 * k];
        const isHere = Math.abs(x - middle) < half;
        if ((isHere && (box[0] < middle - half || box[2] > middle + half)) || taken.some((b) => box[0] < b[2] && b[0] < box[2] && box[1] < b[3] && b[1] < box[3])) return false;
        taken.push(box);
        return true;
      });
      text.style.display = spot ? "" : "none";
      if (!spot) continue;
      text.setAttribute("x", (x + spot[0]).toFixed(1));
      text.setAttribute("y", (y + spot[1]).toFixed(1));
      text.setAttribute("text-anchor", spot[2]);
    }
  }

  // The drawer: everything known of one destination. Text only, never markup.
  const light = (index) => {
    for (const element of document.querySelectorAll(".lit")) element.classList.remove("lit");
    svg.classList.toggle("choosing", index !== null);
    if (index !== null) for (const element of document.querySelectorAll('[data-i="' + index + '"]')) element.classList.add("lit");
  };
  const close = () => {
    drawer.hidden = true;
    light(null);
    if (from) from.focus({ preventScroll: true });
    from = null;
  };
  const open = (index) => {
    const item = items[index];
    if (!item) return;
    if (drawer.hidden) from = document.activeElement;
    drawer.replaceChildren();
    drawer.style.setProperty("--c", "var(--c" + item.color + ")");
    const button = make("button", "Close", "close");
    button.type = "button";
    button.addEventListener("click", close);
    drawer.append(button, make("h2", item.title), make("p", item.subtitle, "quiet"));
    for (const [title, rows] of item.groups) {
      const list = make("dl");
      for (const [key, value, doubt] of rows) list.append(make("dt", key), make("dd", value, doubt ? "doubt" : ""));
      drawer.append(make("h3", title), list);
    }
    for (const [title, lines] of item.lists) {
      const list = make("ul");
      for (const [text, note] of lines) {
        const line = make("li", text);
        if (note) line.append(make("small", note));
        list.append(line);
      }
      drawer.append(make("h3", title), list);
    }
    drawer.hidden = false;
    drawer.scrollTop = 0;
    light(index);
    drawer.focus({ preventScroll: true });
  };
  document.addEventListener("click", (event) => {
    const target = event.target.closest("[data-i]");
    if (target && !(dragged && svg.contains(target))) open(Number(target.dataset.i));
    dragged = false;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !drawer.hidden) return close();
    const arc = event.target.closest && event.target.closest(".arc");
    if (!arc) return;
    const keys = { "+": () => zoomHere(0.7), "=": () => zoomHere(0.7), "-": () => zoomHere(1.43), "0": () => { view = fit.slice(); show(); },
      ArrowLeft: () => move(-0.1, 0), ArrowRight: () => move(0.1, 0), ArrowUp: () => move(0, -0.1), ArrowDown: () => move(0, 0.1),
      Enter: () => open(Number(arc.dataset.i)), " ": () => open(Number(arc.dataset.i)) };
    if (!keys[event.key]) return;
    event.preventDefault();
    keys[event.key]();
  });

  addEventListener("resize", show);
  readFragment();
  show();
  showApps();
  const chosen = /(?:^#|&)open=(\d+)/.exec(location.hash);
  if (chosen) open(Number(chosen[1]));
})();
