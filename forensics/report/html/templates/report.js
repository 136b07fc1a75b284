"use strict";
// The page is whole without this: it only filters, zooms and copies, and asks for nothing over the network.
(() => {
  const all = (selector, root = document) => Array.from(root.querySelectorAll(selector));
  const make = (name, properties = {}, ...children) => {
    const element = Object.assign(document.createElement(name), properties);
    element.append(...children);
    return element;
  };

  // Copy: a button beside each command.
  for (const command of all("pre.command")) {
    const button = make("button", { type: "button", className: "copy", textContent: "Copy" });
    button.setAttribute("aria-label", "Copy the command");
    button.addEventListener("click", async () => {
      const text = command.querySelector("code").textContent;
      try {
        await navigator.clipboard.writeText(text);
      } catch {
        getSelection().selectAllChildren(command.querySelector("code"));
        document.execCommand("copy");
      }
      button.textContent = "Copied";
      setTimeout(() => { button.textContent = "Copy"; }, 1500);
    });
    command.append(button);
  }

  // Zoom: every plot is a window on a drawing that may be wider than it. Streams have an axis of their own.
  const CHARTS = ".gantt:not(.streams)";
  const axis = document.querySelector("[data-since]");
  const view = { since: 0, until: 1 };
  const readout = make("span", { className: "cursor" });
  readout.setAttribute("aria-hidden", "true");

  const show = (since, until) => {
    const length = Math.min(1, Math.max(until - since, 0.002));
    view.since = Math.min(Math.max(0, since), 1 - length);
    view.until = view.since + length;
    for (const drawing of all(`${CHARTS} svg.z`)) {
      drawing.setAttribute("x", `${-view.since / length * 100}%`);
      drawing.setAttribute("width", `${100 / length}%`);
    }
    for (const tools of all(".zoom")) {
      tools.classList.toggle("zoomed", length < 1);
      for (const button of all("button[data-needs-zoom]", tools)) button.disabled = length >= 1;
    }
  };
  const zoom = (factor) => {
    const middle = (view.since + view.until) / 2, half = (view.until - view.since) / 2 * factor;
    show(middle - half, middle + half);
  };
  const pan = (share) => {
    const by = (view.until - view.since) * share;
    show(view.since + by, view.until + by);
  };
  const time = (share) => {
    const since = Number(axis.dataset.since), until = Number(axis.dataset.until);
    return new Date((since + (until - since) * share) * 1000).toISOString().slice(0, 19).replace("T", " ");
  };

  for (const [place, table] of all(CHARTS).entries()) {
    const button = (text, label, action, needsZoom) => {
      const made = make("button", { type: "button", textContent: text, disabled: needsZoom });
      made.setAttribute("aria-label", label);
      if (needsZoom) made.dataset.needsZoom = "";
      made.addEventListener("click", action);
      return made;
    };
    const tools = make("div", { className: "tools zoom" },
      button("+", "Zoom in", () => zoom(0.5), false), button("−", "Zoom out", () => zoom(2), true),
      button("←", "Earlier", () => pan(-0.5), true), button("→", "Later", () => pan(0.5), true),
      button("Whole", "Show the whole time", () => show(0, 1), true), make("span", { className: "hint", textContent: "or drag across the chart" }));
    if (place === 0) tools.append(readout);
    table.before(tools);
  }

  let drag = null;
  const shareAt = (event, cell) => {
    const box = cell.getBoundingClientRect();
    return Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
  };
  document.addEventListener("pointerdown", (event) => {
    const cell = event.target.closest(`${CHARTS} td.time`);
    if (!cell || event.button !== 0 || event.pointerType === "touch") return;
    drag = { cell, from: shareAt(event, cell), box: make("div", { className: "selecting" }) };
    event.preventDefault();
  });
  document.addEventListener("pointermove", (event) => {
    const cell = drag ? drag.cell : event.target.closest?.(`${CHARTS} td.time`);
    if (!cell) return;
    const share = shareAt(event, cell);
    readout.textContent = `${time(view.since + (view.until - view.since) * share)} UTC`;
    if (!drag) return;
    drag.cell.append(drag.box);
    drag.box.style.left = `${Math.min(drag.from, share) * 100}%`;
    drag.box.style.width = `${Math.abs(share - drag.from) * 100}%`;
  });
  document.addEventListener("pointerup", (event) => {
    if (!drag) return;
    const ends = [drag.from, shareAt(event, drag.cell)].sort((one, other) => one - other);
    drag.box.remove();
    drag = null;
    if (ends[1] - ends[0] > 0.01) {
      const length = view.until - view.since;
      show(view.since + length * ends[0], view.since + length * ends[1]);
    }
  });

  // Filter: rows by words, by gravity, by who speaks.
  const rows = all("table.events tbody tr");
  const records = rows.filter((row) => row.id);
  const texts = new Map();
  const textOf = (row) => {
    if (!texts.has(row)) {
      const parts = Array.from(row.cells).flatMap((cell) => Array.from(cell.childNodes));
      const said = parts.filter((part) => !["DETAILS", "BUTTON", "PRE"].includes(part.nodeName));
      texts.set(row, said.map((part) => part.textContent).join(" ").toLowerCase());
    }
    return texts.get(row);
  };
  const search = make("input", { type: "search", placeholder: "Filter: words that all must be there" });
  search.setAttribute("aria-label", "Filter the events");
  const part = make("select", {}, ...[["", "from everywhere"], ["cf", "CloudFormation"], ["ecs", "ECS"], ["us", "the recorder"]]
    .map(([value, text]) => make("option", { value, textContent: text })));
  part.setAttribute("aria-label", "Who speaks");
  const gravity = make("select", {}, ...[["all", "all records"], ["telling", "no routine"], ["failed", "failures"]]
    .map(([value, text]) => make("option", { value, textContent: text })));
  gravity.setAttribute("aria-label", "How grave");
  const status = make("output", {});

  const filter = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0, day = null, dayHasRows = false;
    for (const row of rows) {
      if (!row.id) {
        if (day) day.hidden = !dayHasRows;
        [day, dayHasRows] = [row, false];
        continue;
      }
      const kinds = row.classList;
      const fits = (!part.value || kinds.contains(part.value)) &&
        (gravity.value === "all" || (gravity.value === "failed" ? kinds.contains("error") : !kinds.contains("routine"))) &&
        words.every((word) => textOf(row).includes(word));
      row.hidden = !fits;
      shown += fits;
      dayHasRows ||= fits;
    }
    if (day) day.hidden = !dayHasRows;
    status.textContent = `${shown.toLocaleString("en")} of ${records.length.toLocaleString("en")} shown`;
  };
  let waiting = 0;
  search.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(filter, 120); });
  for (const select of [part, gravity]) select.addEventListener("change", filter);
  const tools = make("div", { className: "tools", id: "filter" }, search, gravity, part, status);
  document.querySelector("table.events")?.before(tools);
  if (records.length > 60 && records.some((row) => row.classList.contains("routine"))) gravity.value = "telling";
  filter();

  // A link to a record that the filter hides shows it.
  const reveal = () => {
    const row = location.hash.startsWith("#e") && document.getElementById(location.hash.slice(1));
    if (row && row.hidden) {
      search.value = "";
      gravity.value = "all";
      part.value = "";
      filter();
      row.scrollIntoView();
    }
  };
  addEventListener("hashchange", reveal);
  reveal();

  // Payloads that had no room as text: unpacked when somebody asks for the first one.
  let unpacked = null;
  const unpack = async () => {
    const bytes = Uint8Array.from(atob(document.getElementById("packed").textContent), (c) => c.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
    return JSON.parse(await new Response(stream).text());
  };
  for (const row of all("tr[data-p]")) {
    const button = make("button", { type: "button", className: "raw", textContent: "▸ raw" });
    button.setAttribute("aria-expanded", "false");
    row.lastElementChild.append(button);
  }
  document.addEventListener("click", async (event) => {
    const button = event.target.closest?.("button.raw");
    if (!button) return;
    const next = button.nextElementSibling;
    if (next) {
      next.remove();
    } else {
      unpacked ??= unpack();
      const payloads = await unpacked;
      button.after(make("pre", { tabIndex: 0, textContent: payloads[button.closest("tr").id.slice(1)] }));
    }
    button.textContent = next ? "▸ raw" : "▾ raw";
    button.setAttribute("aria-expanded", String(!next));
  });
})();
