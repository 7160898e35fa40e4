/// The page's script. No library, no request: the policy of the page forbids both.
enum PageScript {
    static let text = #"""

        "use strict";
        const data = JSON.parse(document.getElementById("data").textContent);
        const report = data.report, instructions = data.instructions;
        const $ = id => document.getElementById(id);
        const make = (tag, properties, ...children) => {
          const element = document.createElement(tag);
          for (const [key, value] of Object.entries(properties || {})) {
            if (key in element) element[key] = value; else element.setAttribute(key, value);
          }
          element.append(...children.filter(child => child !== null));
          return element;
        };
        const size = bytes => {
          if (bytes < 1000) return bytes + " B";
          const units = ["kB", "MB", "GB", "TB", "PB"];
          let value = bytes, unit = -1;
          while (value >= 999.5 && unit < units.length - 1) { value /= 1000; unit++; }
          return (value < 9.95 ? value.toFixed(1) : value.toFixed(0)) + " " + units[unit];
        };
        const percent = part => (part * 100).toFixed(1) + " %";
        // A control character in a name must not disturb a line, nor one that turns text around.
        const shown = text => text.replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g,
          c => "\\u{" + c.codePointAt(0).toString(16) + "}");

        // The tree.
        const KIND = 1, SIZE = 2, MODE = 3, UID = 4, GID = 5, HIDDEN = 6, TARGET = 7;
        const nodes = data.nodes.map(([name, parent, ...events]) => ({ name: shown(name), parent, events, children: [] }));
        nodes.forEach((node, index) => { if (node.parent >= 0) nodes[node.parent].children.push(index); });
        const paths = new Array(nodes.length);
        const path = index => {
          if (index <= 0) return index === 0 ? "/" : "";
          if (paths[index] === undefined) {
            const parent = nodes[index].parent;
            paths[index] = (parent > 0 ? path(parent) : "") + "/" + nodes[index].name;
          }
          return paths[index];
        };
        const layers = report.layers;

        // Every table: sorted by its heads, rows in portions, some that open.
        function table(place, columns, rows, options = {}) {
          let sorted = rows, column = options.sort ?? -1, down = options.down ?? true, limit = options.limit ?? 200;
          const body = make("tbody"), more = make("button", { type: "button", className: "show-more" });
          const heads = columns.map((head, index) => {
            const button = make("button", { type: "button", textContent: head.title });
            button.onclick = () => { down = column === index ? !down : !!head.number; column = index; sort(); draw(); };
            return make("th", { scope: "col", className: head.number ? "number" : "" }, button);
          });
          const collator = new Intl.Collator("en", { numeric: true });
          function sort() {
            heads.forEach((head, index) => {
              if (index === column) head.setAttribute("aria-sort", down ? "descending" : "ascending"); else head.removeAttribute("aria-sort");
            });
            if (column < 0) return;
            const value = columns[column].value, sign = down ? -1 : 1;
            sorted = rows.slice().sort((a, b) => {
              const x = value(a), y = value(b);
              return sign * (typeof x === "number" ? x - y : collator.compare(x, y));
            });
          }
          function row(item) {
            const cells = columns.map(head => {
              const cell = make("td", { className: (head.number ? "number " : "") + (head.kind || "") });
              const content = head.cell ? head.cell(item) : head.value(item);
              cell.append(content);
              if (head.part) { cell.classList.add("bar"); cell.style.setProperty("--part", Math.min(100, head.part(item) * 100).toFixed(1) + "%"); }
              return cell;
            });
            const line = make("tr", {}, ...cells);
            if (options.choose) { line.tabIndex = 0; line.onclick = () => options.choose(item); }
            if (options.open && options.opens(item)) {
              line.tabIndex = 0;
              line.setAttribute("aria-expanded", "false");
              line.onclick = () => {
                const isOpen = line.classList.toggle("open");
                line.setAttribute("aria-expanded", isOpen);
                if (isOpen) line.after(make("tr", { className: "more" }, make("td", { colSpan: columns.length }, options.open(item))));
                else if (line.nextSibling?.className === "more") line.nextSibling.remove();
              };
            }
            if (line.tabIndex === 0) line.onkeydown = event => {
              if (event.key === "Enter" || event.key === " ") { event.preventDefault(); line.click(); }
              if (event.key === "ArrowDown") { line.nextElementSibling?.focus(); event.preventDefault(); }
              if (event.key === "ArrowUp") { line.previousElementSibling?.focus(); event.preventDefault(); }
            };
            return line;
          }
          function draw() {
            body.replaceChildren(...sorted.slice(0, limit).map(row));
            more.hidden = sorted.length <= limit;
            more.textContent = "Show more (" + (sorted.length - limit) + " left)";
          }
          more.onclick = () => { limit *= 4; draw(); };
          const whole = make("table", {}, make("thead", {}, make("tr", {}, ...heads)), body);
          place.replaceChildren(make("div", { className: "scroll" }, whole), more);
          sort(); draw();
          return { replace(next) { rows = sorted = next; limit = options.limit ?? 200; sort(); draw(); } };
        }

        // Head and figures.
        $("title").textContent = shown(report.image.title);
        $("identity").textContent = [report.image.platform, report.image.id, ...report.image.names].filter(Boolean).join("  ·  ");
        const figure = (value, words, warns) => make("div", { className: "figure" + (warns ? " warn" : "") }, make("b", { textContent: value }), make("span", { textContent: words }));
        $("figures").append(
          figure(size(report.image.fileBytes), "in all layers"),
          figure(size(report.image.storedBytes), "stored"),
          figure(size(report.image.visibleBytes), "shown, in " + report.image.visibleFiles + " files"),
          figure(String(layers.length), layers.length === 1 ? "layer" : "layers"),
          figure(size(report.reclaimable.bytes), "reclaimable, " + percent(1 - report.reclaimable.efficiency), report.reclaimable.bytes > 0),
          figure(percent(report.dive.efficiency), "efficiency as dive counts"));

        // The map: layers, then directories of one layer. Built of the bytes that each layer carries.
        const carried = layers.map((_, layer) => {
          const sums = new Map();
          for (let index = nodes.length - 1; index >= 0; index--) {
            const event = nodes[index].events.find(event => event[0] === layer);
            const own = event && event[SIZE] > 0 ? event[SIZE] : 0;
            const sum = sums.get(index) || { bytes: 0, hidden: 0 };
            sum.bytes += own; sum.hidden += own && event[HIDDEN] ? own : 0;
            if (sum.bytes === 0) continue;
            sums.set(index, sum);
            const parent = nodes[index].parent;
            if (parent < 0) continue;
            const above = sums.get(parent) || { bytes: 0, hidden: 0 };
            above.bytes += sum.bytes; above.hidden += sum.hidden;
            sums.set(parent, above);
          }
          return sums;
        });
        let mapLayer = -1, mapNode = 0;
        function tiles() {
          if (mapLayer < 0) return layers.map((layer, index) => ({
            name: (index + 1) + "  " + instructions[index], bytes: layer.fileBytes, hidden: carried[index].get(0)?.hidden || 0, open: () => zoom(index, 0) }));
          return nodes[mapNode].children.filter(child => carried[mapLayer].has(child)).map(child => {
            const sum = carried[mapLayer].get(child), inner = nodes[child].children.some(next => carried[mapLayer].has(next));
            return { name: nodes[child].name + (inner ? "/" : ""), bytes: sum.bytes, hidden: sum.hidden, open: inner ? () => zoom(mapLayer, child) : null };
          });
        }
        // Squarified (Bruls, Huizing and van Wijk, 2000).
        function squarify(items, x, y, width, height, put) {
          let rest = items.slice(), total = rest.reduce((sum, item) => sum + item.bytes, 0);
          while (rest.length && width > 1 && height > 1) {
            const side = Math.min(width, height), scale = width * height / total;
            let row = [], sum = 0, worst = Infinity;
            for (const item of rest) {
              const next = sum + item.bytes, thickness = next * scale / side;
              const ratio = Math.max(...[row[0] || item, item].map(tile => { const long = tile.bytes * scale / thickness; return Math.max(long / thickness, thickness / long); }));
              if (row.length && ratio > worst) break;
              row.push(item); sum = next; worst = ratio;
            }
            const thickness = sum * scale / side;
            let offset = 0;
            for (const item of row) {
              const long = item.bytes * scale / thickness;
              if (width >= height) put(item, x, y + offset, thickness, long); else put(item, x + offset, y, long, thickness);
              offset += long;
            }
            if (width >= height) { x += thickness; width -= thickness; } else { y += thickness; height -= thickness; }
            total -= sum; rest = rest.slice(row.length);
          }
        }
        function drawMap() {
          const map = $("map"), items = tiles().filter(item => item.bytes > 0).sort((a, b) => b.bytes - a.bytes).slice(0, 400);
          map.replaceChildren();
          if (!items.length) map.append(make("p", { className: "empty", textContent: "No bytes here." }));
          squarify(items, 0, 0, map.clientWidth, map.clientHeight, (item, x, y, width, height) => {
            const words = item.name + ", " + size(item.bytes) + (item.hidden ? ", of which " + size(item.hidden) + " hidden" : "");
            const tile = make("button", { type: "button", className: "tile" + (item.open ? "" : " file"), title: words, "aria-label": words });
            Object.assign(tile.style, { left: x + "px", top: y + "px", width: width + "px", height: height + "px" });
            if (item.hidden) { const part = make("span", { className: "part" }); part.style.height = (100 * item.hidden / item.bytes) + "%"; tile.append(part); }
            if (width > 40 && height > 18) tile.append(make("span", { className: "name", textContent: item.name }));
            if (width > 40 && height > 34) tile.append(make("span", { className: "size", textContent: size(item.bytes) }));
            if (item.open) tile.onclick = item.open;
            map.append(tile);
          });
          const crumbs = $("crumbs"); crumbs.replaceChildren();
          const add = (text, act) => crumbs.append(crumbs.childNodes.length ? " / " : "", act ? make("button", { type: "button", textContent: text, onclick: act }) : text);
          add("all layers", mapLayer < 0 ? null : () => zoom(-1, 0));
          if (mapLayer >= 0) {
            const way = []; for (let node = mapNode; node > 0; node = nodes[node].parent) way.unshift(node);
            add("layer " + (mapLayer + 1), way.length ? () => zoom(mapLayer, 0) : null);
            way.forEach((node, index) => add(nodes[node].name, index < way.length - 1 ? () => zoom(mapLayer, node) : null));
          }
        }
        function zoom(layer, node) {
          const hadFocus = $("map").contains(document.activeElement);
          mapLayer = layer; mapNode = node; drawMap();
          if (hadFocus) $("map").querySelector("button")?.focus();
        }
        $("map").onkeydown = event => {
          if (event.key !== "Escape" && event.key !== "Backspace" || mapLayer < 0) return;
          event.preventDefault();
          if (mapNode > 0) zoom(mapLayer, nodes[mapNode].parent); else zoom(-1, 0);
        };
        addEventListener("resize", drawMap);
        addEventListener("beforeprint", drawMap);
        drawMap();

        // Layers.
        const largest = Math.max(1, ...layers.map(layer => layer.fileBytes));
        table($("layers"), [
          { title: "#", number: true, value: layer => layer.index + 1 },
          { title: "Instruction", kind: "path", value: layer => instructions[layer.index] },
          { title: "Files", number: true, value: layer => layer.fileBytes, cell: layer => size(layer.fileBytes), part: layer => layer.fileBytes / largest },
          { title: "Stored", number: true, value: layer => layer.storedBytes, cell: layer => size(layer.storedBytes) },
          { title: "Added", number: true, value: layer => layer.added },
          { title: "Changed", number: true, value: layer => layer.modified + layer.repeated },
          { title: "Removed", number: true, value: layer => layer.removed },
          { title: "Shown then", number: true, value: layer => layer.visibleBytes, cell: layer => size(layer.visibleBytes) },
        ], layers, { sort: 0, down: false, limit: 1000, choose: layer => { zoom(layer.index, 0); $("layer-choice").value = layer.index; listFiles(); $("map").scrollIntoView({ block: "center" }); } });

        // What could be reclaimed.
        const reasons = { deletedLater: "deleted later", replacedLater: "replaced later", metadataChanged: "owner or mode changed", repeated: "copied unchanged",
          unreachable: "unreachable", packageCache: "package cache", duplicate: "duplicate content" };
        const items = report.reclaimable.items, most = Math.max(1, ...items.map(item => item.bytes));
        const waste = table($("waste"), [
          { title: "Bytes", number: true, value: item => item.bytes, cell: item => size(item.bytes), part: item => item.bytes / most },
          { title: "Files", number: true, value: item => item.files },
          { title: "Why", value: item => reasons[item.reason] + (item.detail ? " (" + item.detail + ")" : ""), cell: item => shown(reasons[item.reason] + (item.detail ? ": " + item.detail : "")) },
          { title: "Path", kind: "path", value: item => item.path, cell: item => shown(item.path) },
          { title: "Layer", number: true, value: item => item.layer + 1 },
          { title: "Because of", kind: "path", value: item => item.by === null ? "" : String(item.by + 1), cell: item => item.by === null ? "" : (item.by + 1) + "  " + instructions[item.by] },
        ], items, { sort: 0, limit: 100, opens: item => item.files > 1, open: item => {
          const list = make("div", { className: "mono" });
          for (const file of item.examples) list.append(make("div", { textContent: size(file.bytes).padStart(8) + "  " + shown(file.path) }));
          if (item.files > item.examples.length) list.append(make("div", { textContent: "and " + (item.files - item.examples.length) + " more" }));
          return list;
        } });
        const chips = $("reasons");
        const all = make("button", { type: "button", textContent: items.length ? "all" : "nothing: every byte is shown", "aria-pressed": "true" });
        const chip = (button, reason) => button.onclick = () => {
          for (const other of chips.children) other.setAttribute("aria-pressed", other === button);
          waste.replace(reason ? items.filter(item => item.reason === reason) : items);
        };
        chip(all, null); chips.append(all);
        for (const [reason, words] of Object.entries(reasons)) {
          const bytes = report.reclaimable.reasons[reason];
          if (!bytes) continue;
          const button = make("button", { type: "button", textContent: words + "  " + size(bytes), "aria-pressed": "false" });
          chip(button, reason); chips.append(button);
        }

        // Secrets.
        if (report.secrets.length) {
          $("secrets-section").hidden = false;
          table($("secrets"), [
            { title: "Path", kind: "path", value: secret => secret.path, cell: secret => shown(secret.path) },
            { title: "What", value: secret => secret.kind },
            { title: "In layer", number: true, value: secret => secret.layer + 1 },
            { title: "Hidden by", kind: "path", value: secret => secret.by, cell: secret => (secret.by + 1) + "  " + instructions[secret.by] },
          ], report.secrets);
        }

        // Files.
        const modes = mode => [..."rwxrwxrwx"].map((letter, index) => mode & 1 << 8 - index ? letter : "-").join("")
          .replace(/^(..)(.)(..)(.)(..)(.)/, (_, a, x, b, y, c, z) => a + (mode & 0o4000 ? (x === "x" ? "s" : "S") : x) + b
            + (mode & 0o2000 ? (y === "x" ? "s" : "S") : y) + c + (mode & 0o1000 ? (z === "x" ? "t" : "T") : z));
        const entries = [];
        nodes.forEach((node, index) => node.events.forEach((event, place) => {
          if (event[KIND] === "d" || event[KIND] === "x" || index === 0) return;
          entries.push({ index, event, last: place === node.events.length - 1, next: node.events[place + 1] });
        }));
        const state = file => file.last ? "shown" : file.next[KIND] === "x" ? "deleted by " + (file.next[0] + 1) : "replaced by " + (file.next[0] + 1);
        let query = "";
        function marked(text) {
          const at = query ? text.toLowerCase().indexOf(query) : -1;
          if (at < 0) return text;
          return make("span", {}, text.slice(0, at), make("mark", { textContent: text.slice(at, at + query.length) }), text.slice(at + query.length));
        }
        const files = table($("files"), [
          { title: "Size", number: true, value: file => file.event[SIZE] || 0, cell: file => size(file.event[SIZE] || 0) },
          { title: "Mode", kind: "mono", value: file => file.event[MODE] || 0, cell: file => file.event[KIND].replace("f", "-") + modes(file.event[MODE] || 0) },
          { title: "Owner", value: file => file.event[UID] * 4294967296 + file.event[GID], cell: file => file.event[UID] + ":" + file.event[GID] },
          { title: "Path", kind: "path", value: file => path(file.index), cell: file => marked(path(file.index) + (file.event[TARGET] ? " → " + shown(file.event[TARGET]) : "")) },
          { title: "Layer", number: true, value: file => file.event[0] + 1 },
          { title: "State", value: state, cell: file => make("span", { className: file.last ? "" : "gone", textContent: state(file) }) },
        ], [], { sort: 0, limit: 100 });
        const choice = $("layer-choice");
        choice.append(make("option", { value: "-1", textContent: "all layers" }), ...layers.map((_, index) => make("option", { value: String(index), textContent: "layer " + (index + 1) })));
        function listFiles() {
          query = $("search").value.trim().toLowerCase();
          const layer = Number(choice.value);
          const found = entries.filter(file => (layer < 0 || file.event[0] === layer) && (!query || path(file.index).toLowerCase().includes(query)));
          $("files-note").textContent = found.length + (found.length === 1 ? " file" : " files") + (data.least > 0 ? "; files of less than " + size(data.least) + " are left out of this list and of the map" : "");
          files.replace(found);
        }
        let timer = 0;
        $("search").oninput = () => { clearTimeout(timer); timer = setTimeout(listFiles, 80); };
        choice.onchange = listFiles;
        listFiles();

        // Dive's figures.
        $("dive-figures").textContent = "efficiency " + (report.dive.efficiency * 100).toFixed(4) + " %, wasted " + report.dive.wastedBytes + " bytes (" + size(report.dive.wastedBytes) + ")"
          + (report.dive.userWastedPercent === null ? "" : ", " + (report.dive.userWastedPercent * 100).toFixed(4) + " % of what lies above the base");
        if (data.inefficient.length) table($("inefficient"), [
          { title: "Count", number: true, value: file => file[1] },
          { title: "Bytes", number: true, value: file => file[2], cell: file => size(file[2]) },
          { title: "Path", kind: "path", value: file => file[0], cell: file => shown(file[0]) },
        ], data.inefficient, { sort: 1, limit: 50 });

        // Keys, and light or dark.
        $("theme").onclick = () => {
          const root = document.documentElement, dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
          root.dataset.theme = dark ? "light" : "dark";
        };
        addEventListener("keydown", event => {
          if (event.ctrlKey || event.metaKey || event.altKey || /INPUT|SELECT/.test(event.target.tagName)) {
            if (event.key === "Escape" && event.target.id === "search") { event.target.value = ""; listFiles(); event.target.blur(); }
            return;
          }
          if (event.key === "/") { event.preventDefault(); $("search").focus(); }
          if (event.key === "t") $("theme").click();
        });

        """#
}
