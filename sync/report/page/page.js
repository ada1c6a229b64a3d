"use strict";
(() => {
  const BEFORE = 1, AFTER = 2, BOTH = 3, NONE = -1;
  const COLUMNS = 24, ROW = 30, MARGIN = 12, NODES = 24;
  const find = (id) => document.getElementById(id);
  const source = find("access-data");

  /* Everything that a server said gets into the page as text, here and nowhere else. */
  function make(tag, attributes, ...children) {
    const svg = ["svg", "g", "path", "rect", "text", "title"].includes(tag) || attributes["svg-link"];
    const node = svg ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name === "svg-link") node.setAttribute("href", value);
      else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
      else if (value !== null && value !== false) node.setAttribute(name, value);
    }
    node.append(...children.flat().filter((child) => child !== null));
    return node;
  }
  const linkTo = (kind, name) => `#${new URLSearchParams({ [kind]: name })}`;
  const count = (number, noun) => `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;

  folds();
  operations();
  if (source) matrix(JSON.parse(source.textContent));

  function folds() {
    const show = () => {
      const id = decodeURIComponent(location.hash.slice(1));
      const target = id.includes("=") ? null : find(id);
      const fold = target && (target.matches("details") ? target : target.querySelector("details"));
      if (fold) fold.open = true;
    };
    let opened = [];
    addEventListener("hashchange", show);
    addEventListener("beforeprint", () => {
      opened = [...document.querySelectorAll("details:not([open])")];
      opened.forEach((fold) => { fold.open = true; });
    });
    addEventListener("afterprint", () => opened.forEach((fold) => { fold.open = false; }));
    show();
  }

  function operations() {
    const field = find("operations-filter");
    if (!field) return;
    const folds = [...document.querySelectorAll("#operations details")];
    const rows = folds.map((fold) => [...fold.querySelectorAll("tbody tr")]);
    const texts = rows.map((some) => some.map((row) => row.textContent.toLowerCase()));
    const wasOpen = folds.map((fold) => fold.open);
    field.closest("p").hidden = false;
    field.addEventListener("input", () => {
      const wanted = field.value.trim().toLowerCase();
      let shown = 0;
      folds.forEach((fold, at) => {
        let found = 0;
        rows[at].forEach((row, place) => {
          row.hidden = !texts[at][place].includes(wanted);
          found += !row.hidden;
        });
        fold.hidden = !found;
        fold.open = wanted ? found > 0 && found <= 500 : wasOpen[at];
        shown += found;
      });
      find("operations-found").textContent = wanted ? `${count(shown, "operation")} found` : "";
    });
  }

  function matrix(data) {
    const { groups, roles, actions, mappings, requests } = data;
    const sets = data.sets.map((members) => new Set(members));
    const changes = [...data.gains, ...data.losses];
    const isGain = (at) => at < data.gains.length;
    const items = itemsOf();
    const byName = new Map(items.map((item) => [item.name, item]));
    const groupAt = new Map(groups.map((name, at) => [name, at]));
    const lowerGroups = groups.map((name) => name.toLowerCase());
    const reached = new Map();
    const state = { open: new Set(), page: 0, show: "differs", group: null, endpoint: null };
    let rows = [], columns = [], shown = items;

    function itemsOf() {
      const found = requests.names.map((name, at) => ({
        name, before: requests.before[at], after: requests.after[at], changes: [], open: "",
      }));
      changes.forEach(([, , , through], change) => {
        for (const [, some] of through) for (const at of some) found[at].changes.push(change);
      });
      for (const at of data.opened) found[at].open = "opened";
      for (const at of data.closed) found[at].open = "closed";
      const covered = new Set();
      for (const item of found) {
        if (item.before === item.after || item.before === NONE) covered.add(item.after);
        if (item.after === NONE) covered.add(item.before);
      }
      mappings.names.forEach((name, at) => {
        if (covered.has(at)) return;
        found.push({
          name, changes: [], open: "",
          before: mappings.before[at] === NONE ? NONE : at, after: mappings.after[at] === NONE ? NONE : at,
        });
      });
      for (const item of found) {
        item.differs = item.changes.length > 0 || item.open !== "";
        item.resource = resourceOf(item.name);
        item.lower = `${item.name} ${[asked(item, BEFORE), asked(item, AFTER)]
          .map((action) => actions[action] ?? "").join(" ")}`.toLowerCase();
      }
      return found.sort((one, other) => (one.resource < other.resource ? -1 : one.resource > other.resource ? 1 : 0));
    }

    function resourceOf(name) {
      const segments = name.slice(name.indexOf(" ") + 1).replace(/^\^/, "").split("/").filter((text) => text);
      let taken = 0;
      while (taken < segments.length - 1 && /^(api|v\d+)$/.test(segments[taken])) taken += 1;
      return `/${segments.slice(0, taken + 1).join("/").replace(/\$$/, "")}`;
    }

    /* The action that an endpoint asks for on one side, NONE where no mapping matches. */
    function asked(item, side) {
      const mapping = side === BEFORE ? item.before : item.after;
      return mapping === NONE ? NONE : (side === BEFORE ? mappings.before : mappings.after)[mapping];
    }

    /* Which actions a group holds, a bit a side. */
    function held(group) {
      let found = reached.get(group);
      if (!found) {
        found = new Uint8Array(actions.length);
        for (const code of data.groupRoles[group]) {
          const role = code >> 2, sides = code & BOTH;
          if (role === data.superadmin) found.forEach((_, at) => { found[at] |= sides; });
          for (const inner of data.roleActions[role]) found[inner >> 2] |= inner & sides;
        }
        reached.set(group, found);
      }
      return found;
    }
    function reaches(group, item, side) {
      const action = asked(item, side);
      if (!(data.groupSides[group] & side)) return false;
      return action === NONE ? item.open !== "" || item.differs : (held(group)[action] & side) !== 0;
    }
    function cell(group, item) {
      for (const at of item.changes) if (sets[changes[at][0]].has(group)) return isGain(at) ? "gained" : "lost";
      return reaches(group, item, BEFORE) && reaches(group, item, AFTER) ? "kept" : "";
    }

    const SIGNS = { gained: "+", lost: "−", kept: "=", opened: "+", closed: "−" };

    function select() {
      const wanted = find("filter-endpoints").value.trim().toLowerCase();
      const who = find("filter-groups").value.trim().toLowerCase();
      const named = new Set(groups.keys());
      if (who) lowerGroups.forEach((name, at) => { if (!name.includes(who)) named.delete(at); });
      const all = state.show === "all";
      const counts = (at) => all || state.show === "differs" || isGain(at) === (state.show === "gained");
      const meets = changes.map(([set], at) => counts(at) && data.sets[set].some((group) => named.has(group)));
      const opens = { differs: ["opened", "closed"], gained: ["opened"], lost: ["closed"] }[state.show] ?? [];
      shown = items.filter((item) => item.lower.includes(wanted) && (all || item.changes.some((at) => meets[at])
        || (!who && opens.includes(item.open))));
      const concerned = new Set(all ? named : []);
      if (!all) {
        const used = new Set();
        for (const item of shown) for (const at of item.changes) if (meets[at]) used.add(changes[at][0]);
        for (const set of used) for (const group of data.sets[set]) if (named.has(group)) concerned.add(group);
      }
      columns = [...concerned].sort((one, other) => one - other);
      state.page = Math.min(state.page, Math.max(0, Math.ceil(columns.length / COLUMNS) - 1));
      find("matrix-found").textContent = shown.length
        ? `${count(shown.length, "endpoint")} and ${count(columns.length, "group")}`
        : wanted || who || all ? "Nothing matches the filter."
          : "Nothing differs here. Show everything to see who reaches what.";
      find("matrix-box").hidden = !shown.length;
      lay();
    }

    function lay() {
      const byResource = new Map();
      for (const item of shown) {
        if (!byResource.has(item.resource)) byResource.set(item.resource, []);
        byResource.get(item.resource).push(item);
      }
      rows = [];
      for (const [resource, some] of byResource) {
        rows.push({ resource, some });
        if (state.open.has(resource) || byResource.size === 1) some.forEach((item) => rows.push({ item }));
      }
      head();
      draw();
    }

    const visible = () => columns.slice(state.page * COLUMNS, (state.page + 1) * COLUMNS);

    function head() {
      const pages = Math.ceil(columns.length / COLUMNS);
      find("pages").hidden = pages < 2;
      find("page-back").disabled = state.page === 0;
      find("page-on").disabled = state.page >= pages - 1;
      const first = state.page * COLUMNS + 1;
      find("page-at").textContent = `groups ${first} to ${Math.min(first + COLUMNS - 1, columns.length)} of ${columns.length}`;
      const everyone = make("th", { scope: "col", class: "group" }, make("span", {}, "everyone"));
      find("matrix-head").replaceChildren(make("tr", { "aria-rowindex": 1 },
        make("th", { scope: "col", class: "corner" }, "Endpoint"), everyone, visible().map((group) =>
          make("th", { scope: "col", class: "group" },
            make("a", { href: linkTo("group", groups[group]), title: groups[group] }, groups[group])))));
      find("matrix-table").setAttribute("aria-rowcount", rows.length + 1);
    }

    function draw() {
      const box = find("matrix-box"), body = find("matrix-body");
      const focused = document.activeElement?.dataset?.key;
      const first = Math.max(0, Math.floor(box.scrollTop / ROW) - MARGIN);
      const last = Math.min(rows.length, first + Math.ceil(box.clientHeight / ROW) + 2 * MARGIN);
      const lines = [];
      for (let at = first; at < last; at += 1) lines.push(rows[at].item ? line(rows[at].item, at) : fold(rows[at], at));
      body.replaceChildren(spacer(first), ...lines, spacer(rows.length - last));
      if (focused) body.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
    }
    function spacer(skipped) {
      const row = make("tr", { "aria-hidden": "true", class: "spacer" }, make("td", { colspan: visible().length + 2 }));
      row.firstChild.style.height = `${skipped * ROW}px`;
      row.hidden = !skipped;
      return row;
    }

    function fold(row, at) {
      const { resource, some } = row;
      const open = rows[at + 1]?.item?.resource === resource;
      const toggle = () => {
        if (!state.open.delete(resource)) state.open.add(resource);
        lay();
      };
      row.tallies ??= [tally(some.map((item) => item.open)),
        ...visible().map((group) => tally(some.map((item) => cell(group, item))))];
      return make("tr", { class: "resource", "aria-rowindex": at + 2 },
        make("th", { scope: "row" }, make("button", {
          type: "button", "aria-expanded": String(open), "data-key": `fold ${resource}`, onclick: toggle,
        }, `${open ? "▾" : "▸"} ${resource} `, make("small", {}, count(some.length, "endpoint")))),
        row.tallies);
    }
    function tally(states) {
      const said = [];
      for (const [name, sign] of Object.entries(SIGNS)) {
        const number = states.filter((each) => each === name).length;
        if (number) said.push(make("span", { class: name, title: `${number} ${name}` }, `${sign}${number}`));
      }
      return make("td", {}, said);
    }
    function line(item, at) {
      const chosen = item.name === state.endpoint;
      return make("tr", { "aria-rowindex": at + 2, class: chosen ? "chosen" : null },
        make("th", { scope: "row" }, make("a", {
          href: linkTo("endpoint", item.name), title: item.name, "data-key": `item ${item.name}`,
        }, item.name)),
        mark(item.open), visible().map((group) => mark(cell(group, item))));
    }
    function mark(name) {
      return make("td", { class: name || null }, name
        ? [make("span", { "aria-hidden": "true" }, SIGNS[name]), make("span", { class: "unseen" }, name)] : []);
    }

    /* The ways from groups to endpoints: [group, role, action, item, sides], by the edges that are there. */
    function waysOf(someGroups, someItems) {
      const found = [];
      for (const group of someGroups) {
        for (const code of data.groupRoles[group]) {
          const role = code >> 2, all = role === data.superadmin;
          const held_ = all ? null : new Map(data.roleActions[role].map((inner) => [inner >> 2, inner & BOTH]));
          for (const item of someItems) {
            for (const action of new Set([asked(item, BEFORE), asked(item, AFTER)])) {
              const grants = all ? BOTH : held_.get(action) ?? 0;
              const asks = (asked(item, BEFORE) === action ? BEFORE : 0) | (asked(item, AFTER) === action ? AFTER : 0);
              const sides = code & grants & asks;
              if (action !== NONE && sides) {
                found.push({ group, role, action, item, sides, edges: [code & BOTH, grants, asks] });
              }
            }
          }
        }
      }
      return found;
    }

    function detail() {
      const place = find("ways");
      const group = groupAt.get(state.group), item = byName.get(state.endpoint);
      if (group === undefined && !item) {
        const asked_ = state.group ?? state.endpoint;
        place.replaceChildren(make("p", { class: "hint" }, asked_ === null
          ? "Choose a group or an endpoint above to see the ways through roles and actions, before and after."
          : `The plan knows nothing called ${asked_}.`));
        return;
      }
      const title = group === undefined ? `Who reaches ${item.name}` : `What ${state.group} reaches`;
      const differing = item ? [item] : items.filter((each) => ["gained", "lost"].includes(cell(group, each)));
      const someItems = item ? [item] : differing.length ? differing
        : items.filter((each) => cell(group, each) === "kept");
      const some = group === undefined ? groups.map((_, at) => at) : [group];
      const ways = waysOf(some, someItems.slice(0, 500));
      place.replaceChildren(...[
        make("h3", { id: "ways-title", tabindex: "-1" }, title,
          " ", make("a", { class: "close", href: "#matrix" }, "close")),
        group === undefined ? null : sentence(group, differing),
        item ? opened(item) : null,
        ways.length ? picture(ways) : make("p", {}, "No role leads there, before or after."),
        ways.length ? make("div", { class: "sides" }, list(ways, BEFORE, "Before"), list(ways, AFTER, "After")) : null,
      ].filter((each) => each));
    }
    function sentence(group, differing) {
      const counts = { gained: 0, lost: 0 };
      differing.forEach((item) => { counts[cell(group, item)] += 1; });
      const root = data.groupRoles[group].find((code) => code >> 2 === data.superadmin);
      const kept = items.filter((item) => cell(group, item) === "kept").length;
      const everything = root === undefined ? "" : ` It holds superadmin ${
        { 1: "before, and loses it", 2: "afterwards", 3: "before and after" }[root & BOTH]}, and reaches everything by it.`;
      const unknown = data.unknown.includes(group) ? " Not all that it holds could be read." : "";
      return make("p", {}, `It gains ${count(counts.gained, "endpoint")}, loses ${count(counts.lost, "endpoint")}`
        + ` and keeps ${count(kept, "endpoint")}.${everything}${unknown}`);
    }
    function opened(item) {
      const said = {
        opened: "No mapping matches it afterwards: everyone reaches it.",
        closed: "No mapping matches it before: everyone reaches it until then.",
      }[item.open];
      const [was, is] = [item.before, item.after].map((at) => mappings.names[at] ?? "no mapping");
      const wins = was === is ? `Mapping ${is} wins it.` : `Before, ${was} wins it; afterwards, ${is}.`;
      return make("p", {}, `${said ? `${said} ` : ""}${wins}`);
    }

    function list(ways, side, title) {
      const there = ways.filter((way) => way.sides & side);
      const lines = there.slice(0, 100).map((way) => make("li", {},
        make("code", {}, groups[way.group]), " → ", make("code", {}, roles[way.role]), " → ",
        make("code", {}, actions[way.action]), " → ", make("code", {}, way.item.name)));
      if (there.length > 100) lines.push(make("li", {}, `and ${count(there.length - 100, "more way")}`));
      return make("section", {}, make("h4", {}, `${title}: ${count(there.length, "way")}`),
        make("ul", {}, lines.length ? lines : [make("li", {}, "none")]));
    }

    function picture(ways) {
      const layers = [[], [], [], []], known = [new Map(), new Map(), new Map(), new Map()];
      const labels = [(at) => groups[at], (at) => roles[at], (at) => actions[at], (item) => item.name];
      const links = ["group", null, null, "endpoint"], edges = new Map();
      const place = (layer, what) => {
        if (!known[layer].has(what)) {
          known[layer].set(what, Math.min(layers[layer].length, NODES));
          layers[layer].push(what);
        }
        return known[layer].get(what);
      };
      for (const way of [...ways.filter((each) => each.sides !== BOTH), ...ways.filter((each) => each.sides === BOTH)]) {
        const nodes = [way.group, way.role, way.action, way.item].map((what, layer) => place(layer, what));
        way.edges.forEach((sides, layer) => {
          const key = `${layer} ${nodes[layer]} ${nodes[layer + 1]}`;
          edges.set(key, (edges.get(key) ?? 0) | sides);
        });
      }
      const step = 34, wide = 230, gap = 72;
      const most = Math.max(...layers.map((layer) => Math.min(layer.length, NODES + 1)));
      const height = most * step + 30, width = 4 * wide + 3 * gap;
      const top = (layer, at) => 30 + at * step + ((most - Math.min(layers[layer].length, NODES + 1)) * step) / 2;
      const classes = { 1: "lost", 2: "gained", 3: "kept" };
      const drawn = [...edges].map(([key, sides]) => {
        const [layer, from, to] = key.split(" ").map(Number);
        const x = (layer + 1) * wide + layer * gap, end = x + gap, y = top(layer, from) + 13, z = top(layer + 1, to) + 13;
        return make("path", {
          class: `edge ${classes[sides]}`, d: `M${x} ${y} C${x + gap / 2} ${y} ${x + gap / 2} ${z} ${end} ${z}`,
        });
      });
      const titles = ["groups", "roles", "actions", "endpoints"].map((title, layer) =>
        make("text", { class: "layer", x: layer * (wide + gap) + 2, y: 14 }, title));
      const nodes = layers.flatMap((layer, number) => layer.slice(0, NODES + 1).map((what, at) => {
        const full = at < NODES ? labels[number](what) : `and ${layer.length - NODES} more`;
        const short = [...full].length > 30 ? `${[...full].slice(0, 29).join("")}…` : full;
        const x = number * (wide + gap), y = top(number, at);
        const box = [make("rect", { x, y, width: wide, height: 26, rx: 5 }),
          make("text", { x: x + 8, y: y + 17 }, short), make("title", {}, full)];
        return links[number] && at < NODES
          ? make("a", { "svg-link": linkTo(links[number], full), class: "node" }, box)
          : make("g", { class: "node" }, box);
      }));
      const key = make("p", { class: "key" }, make("span", { class: "gained" }, "━ added"), " ",
        make("span", { class: "lost" }, "╌ removed"), " ", make("span", { class: "kept" }, "─ stays"));
      return make("div", { class: "picture", tabindex: "0", role: "group", "aria-label": "Picture of the ways" }, key,
        make("svg", { viewBox: `0 0 ${width} ${height}`, width, height }, titles, drawn, nodes));
    }

    function fromAddress() {
      const text = location.hash.slice(1);
      if (text && !text.includes("=")) {
        state.group = null;
        state.endpoint = null;
        detail();
        return;
      }
      const said = new URLSearchParams(text);
      state.group = said.get("group");
      state.endpoint = said.get("endpoint");
      find("filter-endpoints").value = said.get("endpoints") ?? find("filter-endpoints").value;
      find("filter-groups").value = said.get("groups") ?? find("filter-groups").value;
      state.show = ["gained", "lost", "all"].find((each) => each === said.get("show")) ?? state.show;
      find("filter-show").value = state.show;
      const item = byName.get(state.endpoint);
      if (item) state.open.add(item.resource);
      select();
      detail();
      const title = find("ways-title");
      if (title) {
        toAddress(); // a link names what is chosen; the address says the filters as well
        find("ways").scrollIntoView({ block: "nearest" });
        title.focus({ preventScroll: true });
      }
    }
    function toAddress() {
      const said = new URLSearchParams();
      const fields = { endpoints: find("filter-endpoints").value, groups: find("filter-groups").value };
      for (const [name, value] of Object.entries({
        ...fields, show: state.show === "differs" ? "" : state.show, group: state.group, endpoint: state.endpoint,
      })) if (value) said.set(name, value);
      history.replaceState(null, "", `#${said}`);
    }
    const filter = () => {
      state.show = find("filter-show").value;
      state.page = 0;
      find("matrix-box").scrollTop = 0;
      select();
      toAddress();
    };
    const turn = (by) => () => {
      state.page += by;
      lay();
    };

    find("matrix").hidden = false;
    for (const id of ["filter-endpoints", "filter-groups", "filter-show"]) find(id).addEventListener("input", filter);
    find("page-back").addEventListener("click", turn(-1));
    find("page-on").addEventListener("click", turn(1));
    let waiting = false;
    find("matrix-box").addEventListener("scroll", () => {
      if (!waiting) {
        waiting = true;
        requestAnimationFrame(() => {
          waiting = false;
          draw();
        });
      }
    }, { passive: true });
    addEventListener("resize", draw);
    addEventListener("hashchange", fromAddress);
    fromAddress();
  }
})();
