"use strict";
(() => {
  const root = document.documentElement;
  const said = document.getElementById("said");
  const say = (text) => { said.textContent = text; };

  // Bright or dark: as the system is until the reader chooses. Files on disk may keep no choice.
  const button = document.getElementById("theme");
  const system = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset.theme || (system.matches ? "dark" : "light")) === "dark";
  const name = () => {
    button.textContent = isDark() ? "Light" : "Dark";
    button.setAttribute("aria-label", isDark() ? "Use light colours" : "Use dark colours");
  };
  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    name();
  });
  system.addEventListener("change", name);
  name();
  button.hidden = false;

  // Tables that sort: numbers by size, text by the alphabet, what is missing always last.
  const key = (row, place) => row.cells[place].dataset.sort;
  const order = (a, b, numbers) =>
    numbers ? Number(a) - Number(b) : a.localeCompare(b, undefined, { numeric: true });
  const sort = (table, place, down) => {
    const body = table.tBodies[0];
    const rows = [...body.rows];
    const keys = rows.map((row) => key(row, place)).filter((text) => text !== "");
    const numbers = keys.every((text) => !Number.isNaN(Number(text)));
    rows.sort((a, b) => {
      const [x, y] = [key(a, place), key(b, place)];
      if (x === "" || y === "") return (x === "") - (y === "");
      return down ? order(y, x, numbers) : order(x, y, numbers);
    });
    body.append(...rows);
  };
  for (const table of document.querySelectorAll("table[data-sortable]")) {
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, place) => {
      const control = document.createElement("button");
      control.type = "button";
      control.append(...head.childNodes);
      head.append(control);
      head.setAttribute("aria-sort", "none");
      control.addEventListener("click", () => {
        const first = head.classList.contains("text") ? "ascending" : "descending";
        const other = first === "ascending" ? "descending" : "ascending";
        const now = head.getAttribute("aria-sort") === first ? other : first;
        for (const each of heads) each.setAttribute("aria-sort", "none");
        head.setAttribute("aria-sort", now);
        sort(table, place, now === "descending");
        say(`Sorted by ${control.textContent}, ${now}`);
      });
    });
  }

  // Commands that are copied.
  const copyByHand = (source) => {
    getSelection().selectAllChildren(source);
    return document.execCommand("copy");
  };
  for (const control of document.querySelectorAll("button.copy")) {
    const source = document.getElementById(control.dataset.copy);
    control.addEventListener("click", async () => {
      let done = true;
      try {
        await navigator.clipboard.writeText(source.textContent);
      } catch {
        done = copyByHand(source);
      }
      control.textContent = done ? "Copied" : "Press Ctrl+C";
      say(control.textContent);
      setTimeout(() => { control.textContent = "Copy"; }, 2000);
    });
    control.hidden = false;
  }

  // Legends that pick: one class alone, the others faint; the same again shows all.
  for (const legend of document.querySelectorAll(".legend")) {
    const entries = [...legend.querySelectorAll("li[data-group]")];
    const parts = entries.map((entry) =>
      [...document.querySelectorAll(`[id^="${CSS.escape(entry.dataset.group)}."]`)]);
    const controls = entries.map((entry) => {
      const control = document.createElement("button");
      control.type = "button";
      control.setAttribute("aria-pressed", "false");
      control.append(...entry.childNodes);
      entry.append(control);
      return control;
    });
    controls.forEach((control, place) => control.addEventListener("click", () => {
      const picked = control.getAttribute("aria-pressed") !== "true";
      controls.forEach((each, other) => {
        each.setAttribute("aria-pressed", String(picked && other === place));
        for (const part of parts[other]) part.classList.toggle("faded", picked && other !== place);
      });
    }));
  }

  // Where the reader is, in the list of contents.
  const links = new Map([...document.querySelectorAll(".contents a")]
    .map((link) => [document.getElementById(link.hash.slice(1)).parentElement, link]));
  const watcher = new IntersectionObserver((changes) => {
    for (const { target, isIntersecting } of changes) {
      if (!isIntersecting) continue;
      for (const link of links.values()) link.removeAttribute("aria-current");
      links.get(target).setAttribute("aria-current", "true");
    }
  }, { rootMargin: "-10% 0px -80% 0px" });
  for (const section of links.keys()) watcher.observe(section);
})();
