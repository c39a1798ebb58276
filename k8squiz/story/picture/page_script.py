"""What the page of a walk does when a key or a button is pressed. It writes text alone, never markup, and asks for nothing."""

SCRIPT = r"""
"use strict";
(() => {
  const root = document.documentElement;
  const all = (selector, from) => Array.from((from || document).querySelectorAll(selector));
  const one = (selector, from) => (from || document).querySelector(selector);
  const views = all("main > section");
  let view = 0, at = 0, playing = 0;

  const steps = () => all("li[data-key]", views[view]);

  function shown(field, before, after) {
    const cell = one(`.packet [data-field="${field}"]`);
    const changed = before !== null && before !== after;
    cell.classList.toggle("changed", changed);
    one("del", cell).textContent = changed ? before : "";
    one("ins", cell).textContent = after || "–";
  }

  function stage(item) {
    const drawing = one(".drawing", views[view]);
    const stages = all(".stage", drawing);
    const here = stages.findIndex((each) => each.dataset.steps.split(" ").includes(item.dataset.key));
    stages.forEach((each, index) => each.classList.toggle("now", index === here));
    if (here < 0) return;
    const pill = one(".pill rect", stages[here]);
    const x = Number(pill.getAttribute("x")), y = Number(pill.getAttribute("y"));
    const walker = one(".walker", drawing);
    walker.style.transform = `translate(${x}px, ${y + 11}px)`;
    walker.classList.toggle("inside", Boolean(item.dataset.outer));
    const svg = one("svg", drawing), scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
    drawing.scrollTo({ top: y * scale - drawing.clientHeight / 2, left: (x + 56) * scale - drawing.clientWidth / 2, behavior: "smooth" });
  }

  function show(index, quiet) {
    const items = steps();
    if (!items.length) { one(".count").textContent = ""; return; }
    at = Math.max(0, Math.min(items.length - 1, index));
    const item = items[at], before = at ? items[at - 1] : null;
    items.forEach((each, number) => each.classList.toggle("now", number === at));
    for (const field of ["src", "dst", "mark", "outer"]) {
      const same = before && before.dataset.way === item.dataset.way;
      shown(field, same ? before.dataset[field] : null, item.dataset[field]);
    }
    one('.packet [data-field="where"] dd').textContent = item.dataset.where;
    one(".count").textContent = `${at + 1} / ${items.length}`;
    const list = one(".list", views[view]);
    if (!quiet) list.scrollTop = item.offsetTop - list.offsetTop - list.clientHeight / 3;
    stage(item);
  }

  function choose(number) {
    view = number;
    views.forEach((each, index) => { each.hidden = index !== view; });
    const select = one("select");
    if (select) select.value = String(view);
    const walked = steps().length > 0;
    one(".packet").hidden = !walked;
    all(".controls button, .count").forEach((each) => { each.hidden = !walked && each.dataset.do !== "lang"; });
    show(0);
  }

  function play(on) {
    window.clearInterval(playing);
    playing = on ? window.setInterval(() => (at + 1 < steps().length ? show(at + 1) : play(false)), 1100) : 0;
    root.classList.toggle("plays", Boolean(playing));
  }

  const doing = {
    first: () => show(0), back: () => show(at - 1), next: () => show(at + 1), last: () => show(steps().length - 1),
    play: () => play(!playing),
    lang: () => {
      root.dataset.lang = root.dataset.lang === "en" ? "zh" : "en";
      root.lang = root.dataset.lang === "en" ? "en" : "zh-CN";
      all("option").forEach((each) => { each.textContent = each.dataset[root.dataset.lang]; });
    },
  };
  const keys = { ArrowRight: "next", ArrowDown: "next", ArrowLeft: "back", ArrowUp: "back", Home: "first", End: "last", " ": "play", l: "lang", L: "lang" };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("select")) return;
    const what = keys[event.key];
    if (!what || (event.key === " " && event.target.matches("button"))) return;
    event.preventDefault();
    if (what !== "play" && what !== "lang") play(false);
    doing[what]();
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button"), item = event.target.closest("li[data-key]"), drawn = event.target.closest(".stage");
    if (button) { if (button.dataset.do !== "play" && button.dataset.do !== "lang") play(false); doing[button.dataset.do](); }
    else if (item) show(steps().indexOf(item), true);
    else if (drawn) show(steps().findIndex((each) => drawn.dataset.steps.split(" ").includes(each.dataset.key)));
  });
  const select = one("select");
  if (select) select.addEventListener("change", () => { play(false); choose(Number(select.value)); });
  choose(0);
})();
"""
