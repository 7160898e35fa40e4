/// How the page looks, on a screen in light and dark, and on paper.
enum PageStyle {
    static let text = """

        :root { --paper: #fbfaf7; --ink: #22262a; --quiet: #6a7076; --line: #dedbd3; --card: #ffffff; --shown: #3d6b7d; --shown-ink: #ffffff;
          --hidden: #b4552d; --accent: #2a5a86; --mark: #f3e2b8; --bar: #d6e2e6; }
        @media (prefers-color-scheme: dark) { :root:not([data-theme=light]) { --paper: #16181a; --ink: #e6e3dc; --quiet: #979ca1; --line: #33373b;
          --card: #1e2124; --shown: #4d8296; --shown-ink: #ffffff; --hidden: #c4673e; --accent: #8ab8dd; --mark: #57481f; --bar: #2a3c43; } }
        :root[data-theme=dark] { --paper: #16181a; --ink: #e6e3dc; --quiet: #979ca1; --line: #33373b; --card: #1e2124; --shown: #4d8296;
          --shown-ink: #ffffff; --hidden: #c4673e; --accent: #8ab8dd; --mark: #57481f; --bar: #2a3c43; }
        :root[data-theme=dark] { color-scheme: dark; } :root[data-theme=light] { color-scheme: light; }
        * { box-sizing: border-box; }
        html { font: 15px/1.5 system-ui, "Segoe UI", "Noto Sans", Cantarell, sans-serif; background: var(--paper); color: var(--ink); }
        body { margin: 0 auto; max-width: 76rem; padding: 2rem 1.5rem 3rem; }
        h1 { font-size: 1.7rem; line-height: 1.2; margin: 0; letter-spacing: -.01em; overflow-wrap: anywhere; }
        h2 { font-size: 1.1rem; margin: 0; }
        p { margin: .3rem 0; }
        section { margin-top: 2.4rem; }
        header { display: flex; justify-content: space-between; align-items: flex-start; gap: 1rem; }
        footer { margin-top: 3rem; font-size: .85rem; }
        .quiet { color: var(--quiet); } .mono, td.path, code { font-family: ui-monospace, "DejaVu Sans Mono", Menlo, monospace; font-size: .86em; }
        #identity { overflow-wrap: anywhere; }
        .line { display: flex; flex-wrap: wrap; align-items: baseline; gap: .6rem 1.2rem; margin-bottom: .6rem; }
        #figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(10.5rem, 1fr)); gap: 1px; background: var(--line); border: 1px solid var(--line); margin-top: 1.6rem; }
        .figure { background: var(--card); padding: .8rem 1rem; }
        .figure b { display: block; font-size: 1.45rem; font-weight: 600; font-variant-numeric: tabular-nums; letter-spacing: -.01em; }
        .figure span { color: var(--quiet); font-size: .85rem; }
        .figure.warn b { color: var(--hidden); }
        button { font: inherit; color: inherit; background: none; border: 0; padding: 0; cursor: pointer; }
        .plain { border: 1px solid var(--line); padding: .2rem .7rem; border-radius: 3px; font-size: .85rem; white-space: nowrap; }
        :focus-visible { outline: 2px solid var(--accent); outline-offset: 1px; }
        input, select { font: inherit; color: inherit; background: var(--card); border: 1px solid var(--line); border-radius: 3px; padding: .25rem .6rem; }
        input[type=search] { flex: 1 1 16rem; max-width: 30rem; }
        #map { position: relative; height: 25rem; background: var(--line); overflow: hidden; border: 1px solid var(--line); }
        .tile { position: absolute; overflow: hidden; text-align: left; padding: .15rem .35rem; font-size: .78rem; line-height: 1.25; color: var(--shown-ink);
          background: var(--shown); border: 1px solid var(--paper); display: flex; flex-direction: column; align-items: flex-start; justify-content: flex-start; }
        .tile:focus-visible { outline-offset: -3px; outline-color: var(--shown-ink); }
        .tile:hover { filter: brightness(1.1); } .tile .name { overflow-wrap: anywhere; } .tile .size { opacity: .8; display: block; }
        .tile .part { position: absolute; left: 0; right: 0; bottom: 0; background: var(--hidden); z-index: -1; } .tile { z-index: 0; isolation: isolate; }
        .tile.file { cursor: default; } .empty { padding: 2rem; color: var(--quiet); }
        .swatch { display: inline-block; width: .8em; height: .8em; margin: 0 .35em 0 .9em; } .swatch.shown { background: var(--shown); margin-left: 0; } .swatch.hidden { background: var(--hidden); }
        .legend { font-size: .85rem; }
        #crumbs button { color: var(--accent); text-decoration: underline; text-underline-offset: 2px; } #crumbs { font-size: .9rem; overflow-wrap: anywhere; }
        table { border-collapse: collapse; width: 100%; font-size: .9rem; }
        .scroll { overflow-x: auto; border-top: 1px solid var(--line); }
        th, td { text-align: left; padding: .32rem .7rem .32rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
        th { font-weight: 600; white-space: nowrap; } th button { font-weight: 600; } th button::after { content: ""; position: absolute; color: var(--accent); }
        th[aria-sort=ascending] button::after { content: " ↑"; } th[aria-sort=descending] button::after { content: " ↓"; }
        td.number, th.number { width: 1%; padding-left: .9rem; text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
        td.path { overflow-wrap: anywhere; min-width: 14rem; } td.bar { background: linear-gradient(to left, var(--bar) var(--part, 0%), transparent 0); }
        tr.open > td { border-bottom-color: transparent; } tr[tabindex] { cursor: pointer; } tbody tr:hover > td { background-color: color-mix(in srgb, var(--bar) 35%, transparent); }
        tr.more td { padding-left: 1.6rem; } tr.more:hover > td { background: none; }
        .chips { display: flex; flex-wrap: wrap; gap: .4rem; margin: .6rem 0; } .chips button { border: 1px solid var(--line); border-radius: 999px; padding: .1rem .8rem; font-size: .85rem; }
        .chips button[aria-pressed=true] { background: var(--ink); color: var(--paper); border-color: var(--ink); }
        .show-more { margin-top: .6rem; color: var(--accent); } mark { background: var(--mark); color: inherit; } .gone { color: var(--hidden); }
        @media (max-width: 44rem) { body { padding: 1.2rem 1rem; } #map { height: 20rem; } }
        @media print {
          :root, :root[data-theme=dark] { --paper: #fff; --ink: #000; --quiet: #444; --line: #bbb; --card: #fff; --shown: #d7e3e7; --shown-ink: #000; --hidden: #e8b79f; --accent: #000; --bar: #e6edef; }
          html { font-size: 10.5px; } body { max-width: none; padding: 0; } #theme, #search, #layer-choice, .chips, .show-more, #crumbs { display: none; }
          section { margin-top: 1.4rem; } h2 { break-after: avoid; } tr, .figure { break-inside: avoid; } thead { display: table-header-group; } .scroll { overflow: visible; }
          #map { break-inside: avoid; height: 17rem; } * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
        }

        """
}
