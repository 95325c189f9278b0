"use strict";
// A moment of the ladder and its calls light up together.
(() => {
  let lit = [];
  const marked = (target) => (target instanceof Element ? target.closest("[data-k]") : null);
  const light = (event) => {
    for (const [one, name] of lit) one.classList.remove(name);
    lit = [];
    const from = marked(event.target);
    const story = from?.closest(".story") ?? document;
    const put = (one, name) => { one.classList.add(name); lit.push([one, name]); };
    for (const key of from?.dataset.k.split(" ") ?? [])
      for (const one of story.querySelectorAll(`[data-k~="${CSS.escape(key)}"]`)) {
        put(one, "lit");
        for (let up = one.parentElement?.closest("li"); up; up = up.parentElement.closest("li")) put(up, "above");
      }
  };
  document.addEventListener("pointerover", light);
  document.addEventListener("focusin", light);
})();

// The list: only the lines in sight are elements. A story is unpacked when its line is opened.
const unpacked = (() => {
  const data = document.getElementById("listed");
  if (!data) return async () => null;
  const { rows, words, perPack } = JSON.parse(data.textContent);
  const [ID, CLIENT, SERVER, OWNER, OUTCOME, FAILED, SETUP, SETUP_TEXT, QUEUE, QUEUE_TEXT, AGAIN, FINDINGS] = Array(12).keys();
  const LINE = 26;
  const columns = [
    ["#", (row) => row[ID].slice(1), (row) => +row[ID].slice(1), "number"],
    ["client", (row) => row[CLIENT], (row) => row[CLIENT], ""],
    ["server", (row) => words[row[SERVER]], (row) => words[row[SERVER]], ""],
    ["outcome", (row) => words[row[OUTCOME]], (row) => words[row[OUTCOME]], ""],
    ["setup", (row) => row[SETUP_TEXT], (row) => row[SETUP] ?? -1, "number"],
    ["queue", (row) => row[QUEUE_TEXT], (row) => row[QUEUE] ?? -1, "number"],
    ["again", (row) => row[AGAIN] || "", (row) => row[AGAIN], "number"],
    ["owner", (row) => words[row[OWNER]], (row) => words[row[OWNER]], ""],
    ["findings", (row) => words[row[FINDINGS]], (row) => words[row[FINDINGS]], ""],
  ];
  const byId = (id) => document.getElementById(id);
  const [view, paper, filter, matching, order, stories] = ["window", "paper", "filter", "matching", "order", "stories"].map(byId);
  const texts = rows.map((row) => columns.map(([, shown]) => shown(row)).join(" ").toLowerCase());
  let matches = rows.map((_, at) => at);
  let by = 0, down = 1;

  const cell = (name, text, kind) => {
    const one = document.createElement(name);
    one.textContent = text;
    one.className = kind;
    return one;
  };
  const line = (at, place) => {
    const row = rows[at];
    const one = cell("a", "", row[FAILED] ? "line failed" : "line");
    one.href = "#" + row[ID];
    one.style.top = place * LINE + "px";
    one.append(...columns.map(([, shown, , kind]) => cell("span", shown(row), kind)));
    return one;
  };
  const draw = () => {
    const held = paper.contains(document.activeElement) ? document.activeElement.hash : null;
    const from = Math.max(0, Math.floor(view.scrollTop / LINE) - 10);
    const to = Math.min(matches.length, from + Math.ceil(view.clientHeight / LINE) + 20);
    paper.replaceChildren(...matches.slice(from, to).map((at, place) => line(at, from + place)));
    if (held) paper.querySelector(`[href="${held}"]`)?.focus({ preventScroll: true });
  };
  const arrange = () => {
    const wanted = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    const value = columns[by][2];
    matches = rows.map((_, at) => at).filter((at) => wanted.every((word) => texts[at].includes(word)));
    if (by || down < 0)
      matches.sort((a, b) => {
        const [x, y] = [value(rows[a]), value(rows[b])];
        return (x < y ? -1 : x > y ? 1 : 0) * down || a - b;
      });
    matching.textContent = `${matches.length.toLocaleString("en")} of ${rows.length.toLocaleString("en")}`;
    paper.style.height = matches.length * LINE + "px";
    view.scrollTop = 0;
    draw();
  };
  columns.forEach(([name, , , kind], at) => {
    const head = cell("button", name, kind);
    head.addEventListener("click", () => {
      down = at === by ? -down : kind ? -1 : 1;
      by = at;
      for (const one of order.children) one.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", down > 0 ? "ascending" : "descending");
      arrange();
    });
    order.append(head);
  });

  const unpack = async (text) => {
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
    return (await new Response(stream).text()).split("\0");
  };
  const fetched = async (id) => {
    const at = rows.findIndex((row) => row[ID] === id);
    if (at < 0) return null;
    const packs = document.querySelectorAll(".pack");
    const first = at - (at % perPack);
    const count = Math.min(perPack, rows.length - first);
    const parts = await unpack(packs[first / perPack].textContent); // the first part of each story, the second of each, …
    const story = document.createElement("template");
    story.innerHTML = parts.filter((_, part) => part % count === at - first).join("");
    stories.prepend(story.content);
    return byId(id);
  };
  view.addEventListener("scroll", draw, { passive: true });
  addEventListener("resize", draw);
  filter.addEventListener("input", arrange);
  byId("all").hidden = false;
  arrange();
  return fetched;
})();

// A link to a connection opens its story.
(() => {
  const open = async () => {
    const id = location.hash.slice(1);
    if (!/^c\d+$/.test(id)) return;
    const story = document.getElementById(id) ?? (await unpacked(id));
    if (!story) return;
    story.open = true;
    story.scrollIntoView();
    story.querySelector("summary").focus({ preventScroll: true });
  };
  addEventListener("hashchange", open);
  // a second click on the same link changes no hash
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.('a[href^="#c"]');
    if (link && link.hash === location.hash) open();
  });
  open();
})();
