// Menu, large figures, code switch, tables that sort and filter, sharing lists, search. No page needs it to be read.
"use strict";
(() => {
  const make = (tag, properties = {}, ...children) => {
    const node = Object.assign(document.createElement(tag), properties);
    node.append(...children);
    return node;
  };
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const fold = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  const load = (file) => new Promise((done, fail) => {
    document.head.append(make("script", { src: file, onload: done, onerror: fail }));
  });
  let serial = 0;
  const label = (text, field) => {
    field.id ||= `field-${++serial}`;
    return make("span", { className: "field" }, make("label", { htmlFor: field.id, textContent: text }), field);
  };
  const choose = (options, first) => {
    const field = make("select");
    if (first !== undefined) field.append(make("option", { value: "", textContent: first }));
    for (const [value, text] of options) field.append(make("option", { value, textContent: text }));
    return field;
  };

  // Menu on narrow screens
  document.documentElement.classList.add("js");
  const button = document.querySelector(".menu-button");
  button.hidden = false;
  button.addEventListener("click", () => {
    const open = document.documentElement.classList.toggle("menu-open");
    button.setAttribute("aria-expanded", String(open));
    if (open) document.querySelector(".site-menu a").focus();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && document.documentElement.classList.contains("menu-open")) {
      button.click();
      button.focus();
    }
    const typing = /INPUT|SELECT|TEXTAREA/.test(document.activeElement.tagName);
    if (event.key === "/" && !typing) {
      document.querySelector(".site-search input").focus();
      event.preventDefault();
    }
  });

  // Figures open large in a dialog
  const dialog = make("dialog", { className: "lightbox" });
  dialog.setAttribute("aria-label", "Figure, large");
  const close = make("button", { type: "button", textContent: "Close" });
  const picture = make("img", { alt: "" });
  const box = make("div", { className: "lightbox-box", tabIndex: 0 }, picture);
  box.setAttribute("role", "group");
  box.setAttribute("aria-label", "Figure, to scroll");
  dialog.append(close, box);
  const links = all("a.figure-open");
  if (links.length) document.body.append(dialog);
  close.addEventListener("click", () => dialog.close());
  for (const link of links) {
    link.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
      event.preventDefault();
      const shown = link.querySelector("img");
      picture.src = shown.currentSrc || link.getAttribute("href");
      picture.alt = shown.alt;
      box.classList.toggle("tall", shown.naturalHeight > shown.naturalWidth);
      dialog.showModal();
      box.scrollTo(0, 0);
    });
  }

  // One switch for all code of a page
  const folds = all("div.cell details.hide");
  if (folds.length) {
    const toggle = make("button", { type: "button", className: "code-switch", textContent: "Show all code" });
    toggle.addEventListener("click", () => {
      const open = toggle.textContent.startsWith("Show");
      folds.forEach((part) => { part.open = open; });
      toggle.textContent = open ? "Hide all code" : "Show all code";
    });
    document.querySelector("article h1").after(toggle);
  }

  // Tables that sort and filter
  const read = (row, place) => row.cells[place].textContent.trim();
  const compare = (one, two) => {
    const [a, b] = [one, two].map((text) => parseFloat(text.replace(/,/g, "")));
    const numeric = /^[\d.,]+( (million|billion))?$/.test(one) && /^[\d.,]+( (million|billion))?$/.test(two);
    const size = (text, value) => value * (text.includes("billion") ? 1e9 : text.includes("million") ? 1e6 : 1);
    return numeric ? size(one, a) - size(two, b) : one.localeCompare(two, "en", { numeric: true });
  };
  for (const table of all("table.sortable")) {
    const body = table.tBodies[0];
    const rows = [...body.rows];
    if (rows.length < 2) continue;
    const texts = rows.map((row) => fold(row.textContent));
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, place) => {
      const name = head.textContent;
      head.replaceChildren(make("button", { type: "button", className: "sort", textContent: name, onclick() {
        const up = head.getAttribute("aria-sort") !== "ascending";
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", up ? "ascending" : "descending");
        const order = [...body.rows].sort((a, b) => {
          const [one, two] = [read(a, place), read(b, place)];
          if (!one || !two) return !one - !two;
          return up ? compare(one, two) : compare(two, one);
        });
        body.append(...order);
      } }));
    });
    const count = make("span", { className: "count" });
    count.setAttribute("role", "status");
    const field = make("input", { type: "search" });
    const choices = (table.dataset.choices || "").split(" ").filter(Boolean).map((place) => {
      const values = [...new Set(rows.map((row) => read(row, place)))].filter(Boolean).sort();
      return [Number(place), choose(values.map((value) => [value, value]), "all")];
    });
    const filter = () => {
      const words = fold(field.value).split(/\s+/).filter(Boolean);
      let shown = 0;
      rows.forEach((row, at) => {
        const fits = words.every((word) => texts[at].includes(word))
          && choices.every(([place, select]) => !select.value || read(row, place) === select.value);
        row.hidden = !fits;
        shown += fits;
      });
      count.textContent = shown === rows.length ? "" : `${shown.toLocaleString("en")} of ${rows.length.toLocaleString("en")} rows`;
    };
    field.addEventListener("input", filter);
    choices.forEach(([, select]) => select.addEventListener("change", filter));
    const selects = choices.map(([place, select]) => label(heads[place].textContent, select));
    table.before(make("div", { className: "table-tools" }, label("Filter rows", field), ...selects, count));
    if (location.hash) document.getElementById(decodeURIComponent(location.hash.slice(1)))?.scrollIntoView();
  }

  // Sharing lists: find a name, compare two lists
  const finder = document.querySelector(".list-filter");
  const comparer = document.querySelector(".list-compare");
  const setUpLists = ({ lists, names }) => {
    const titles = lists.map(([, , reporter, day, section, system]) => `${reporter}, ${day || "undated"}, ${system}: ${section}`);
    const options = titles.map((title, at) => [String(at), title]);
    const states = [...new Set(names.map((name) => name[2]))].filter(Boolean).sort().map((state) => [state, state]);
    const show = (head, rows) => make("table", { className: "cards" },
      make("thead", {}, make("tr", {}, ...head.map((name) => make("th", { scope: "col", textContent: name })))),
      make("tbody", {}, ...rows.map((row) => make("tr", {}, ...row.map((cell, at) => {
        const box = make("td", {}, make("bdi", { textContent: cell }));
        box.dataset.name = head[at];
        return box;
      })))));
    const result = make("div");
    const said = make("p", { className: "count" });
    said.setAttribute("role", "status");
    const [list, state, text] = [choose(options, "all lists"), choose(states, "all states"), make("input", { type: "search" })];
    const save = make("a", { textContent: "Download what is shown (CSV)", download: "sharing-selection.csv", hidden: true });
    const quote = (cell) => `"${(/^[\s]*[=+\-@]/.test(cell) ? "'" : "") + cell.replace(/"/g, '""')}"`;
    const find = () => {
      const words = fold(text.value).split(/\s+/).filter(Boolean);
      if (!list.value && !state.value && !words.length) { result.replaceChildren(); said.textContent = ""; save.hidden = true; return; }
      const found = names.filter(([at, name, where]) => (!list.value || at === Number(list.value))
        && (!state.value || where === state.value) && words.every((word) => fold(name).includes(word)));
      said.textContent = `${found.length.toLocaleString("en")} names${found.length > 500 ? "; the first 500 are shown" : ""}`;
      const rows = found.map(([at, name, where]) => [name, where, titles[at]]);
      result.replaceChildren(show(["Name", "State", "List"], rows.slice(0, 500)));
      const lines = [["Name", "State", "List"], ...rows].map((row) => row.map(quote).join(","));
      save.href = `data:text/csv;charset=utf-8,${encodeURIComponent(lines.join("\n"))}`;
      save.hidden = false;
    };
    for (const field of [list, state, text]) field.addEventListener("input", find);
    finder.replaceChildren(make("div", { className: "table-tools" }, label("List", list), label("State", state), label("Name", text)), said, result, save);

    const [one, two] = [choose(options, "choose a list"), choose(options, "choose a list")];
    const table = make("div");
    const sum = make("p", { className: "count" });
    sum.setAttribute("role", "status");
    const collect = (at) => new Map(names.filter((name) => name[0] === at).map((name) => [name[3], name[1]]));
    const match = () => {
      table.replaceChildren();
      sum.textContent = "";
      if (!one.value || !two.value) return;
      const [a, b] = [collect(Number(one.value)), collect(Number(two.value))];
      const pick = (from, test) => [...from].filter(([key]) => test(key)).map(([, name]) => name).sort();
      const parts = [pick(a, (key) => !b.has(key)), pick(a, (key) => b.has(key)), pick(b, (key) => !a.has(key))];
      sum.textContent = `${parts[0].length} only on the first, ${parts[1].length} on both, ${parts[2].length} only on the second`;
      const longest = Math.max(...parts.map((part) => part.length));
      const rows = Array.from({ length: longest }, (_, at) => parts.map((part) => part[at] || ""));
      table.replaceChildren(show(["Only on the first", "On both", "Only on the second"], rows));
    };
    for (const field of [one, two]) field.addEventListener("input", match);
    comparer.replaceChildren(make("div", { className: "table-tools" }, label("First list", one), label("Second list", two)), sum, table);
    const wanted = new URLSearchParams(location.search);
    const place = (name) => String(titles.findIndex((_, at) => `${lists[at][0]}.${lists[at][1]}` === wanted.get(name)));
    if (wanted.has("first") && wanted.has("second")) {
      [one.value, two.value] = [place("first"), place("second")];
      match();
      comparer.scrollIntoView();
    }
  };
  if (finder) load("data/sharing-names.js").then(() => setUpLists(window.sidedoorLists));

  // Search by section; numbers are kept whole
  const query = new URLSearchParams(location.search).get("q") || "";
  const target = document.querySelector("#search-results");
  const runSearch = ({ pages, sections }, words) => {
    const escape = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
    const pattern = (text) => new RegExp(`(?<![\\p{L}\\p{N}])${escape(text)}${/\d$/.test(text) ? "(?![\\p{L}\\p{N}]|[.,]\\d)" : ""}`, "giu");
    const count = (text, regex) => [...text.matchAll(regex)].length;
    const search = (patterns) => {
      const found = new Map();
      sections.forEach(([page, anchor, heading, text, plain]) => {
        const hits = patterns.map((regex) => count(plain, regex));
        if (!hits.every(Boolean)) return;
        const entry = found.get(page) || { page, hits: 0, parts: [] };
        const total = hits.reduce((sum, number) => sum + number, 0);
        entry.hits += total;
        entry.parts.push({ anchor, heading, text, plain, total });
        found.set(page, entry);
      });
      return [...found.values()].sort((a, b) => b.hits - a.hits || a.page - b.page);
    };
    const plain = fold(words).trim().replace(/\s+/g, " ");
    let patterns = [pattern(plain)];
    let found = search(patterns);
    if (!found.length && plain.includes(" ")) {
      patterns = plain.split(" ").map(pattern);
      found = search(patterns);
    }
    const mark = (part) => {
      const first = Math.min(...patterns.map((regex) => part.plain.search(new RegExp(regex.source, "iu"))).filter((at) => at >= 0));
      const start = Math.max(0, first - 80);
      const passage = part.text.slice(start, first + 160);
      const shown = make("p", { className: "passage" }, start ? "… " : "");
      let end = 0;
      const folded = part.plain.slice(start, first + 160);
      for (const hit of [...folded.matchAll(patterns[0])]) {
        shown.append(passage.slice(end, hit.index), make("mark", { textContent: passage.slice(hit.index, hit.index + hit[0].length) }));
        end = hit.index + hit[0].length;
      }
      shown.append(passage.slice(end), " …");
      return shown;
    };
    const total = found.reduce((sum, entry) => sum + entry.hits, 0);
    const status = make("p", { textContent: found.length
      ? `“${words}”: ${total.toLocaleString("en")} on ${found.length} ${found.length === 1 ? "page" : "pages"}, the page with most first.`
      : `“${words}” is on no page. Try fewer letters, or another spelling.` });
    target.replaceChildren(status, make("ol", { className: "results" }, ...found.map((entry) => {
      const [address, title] = pages[entry.page];
      const best = entry.parts.sort((a, b) => b.total - a.total).slice(0, 3);
      return make("li", {}, make("a", { href: address, className: "result", textContent: title }), ` ${entry.hits}`,
        make("ul", {}, ...best.map((part) => make("li", {},
          make("a", { href: part.anchor ? `${address}#${part.anchor}` : address, textContent: part.heading }), mark(part)))));
    })));
  };
  if (target) {
    const field = document.querySelector("#search-field");
    field.value = query;
    if (query.trim()) load("searchdata.js").then(() => {
      const data = window.sidedoorSearch;
      data.sections.forEach((section) => section.push(fold(section[3])));
      runSearch(data, query);
    });
  }
})();
