"""Results of mounts as a picture: bars on a logarithmic scale, to the right of kernel overlayfs what is slower."""
import math
from html import escape

from . import results as r
from .row import SECTIONS

COLOURS = {"plain": "#c9c9c9", "fuse-overlayfs": "#e8a33d", "fuse-overlayfs rootless": "#f3cf94",
           "shale": "#1f6fb2", "shale rootless": "#7fb8e6", "bare server": "#8a8a8a"}
SPARE = ["#5a9e6f", "#a5d1b2", "#8d5aa8", "#c9a7da"]
LEFT, WIDTH, RIGHT, BAR, GAP = 330, 560, 60, 9, 12


def ticks(low, high):
    return [2.0 ** power for power in range(math.floor(math.log2(low)), math.ceil(math.log2(high)) + 1)]


def draw(results):
    """SVG text, or None where there is no ratio to show."""
    shown = [name for name in results["subjects"] if name not in ("kernel", "kernel userxattr", results["reference"])]
    spare = iter(SPARE * len(shown))
    colours = {name: COLOURS.get(name) or next(spare) for name in shown}
    groups = []
    for section in ("files", "work"):
        rows = []
        for name, about in results["rows"].items():
            if about["section"] == section and about["figure"] == "seconds":
                bars = [(one, r.median(r.ratios(results, name, one))) for one in shown]
                bars = [(one, value) for one, value in bars if value]
                if bars:
                    rows.append((about, bars))
        if rows:
            groups.append((SECTIONS[section], rows))
    everything = [value for _, rows in groups for _, bars in rows for _, value in bars]
    if not everything:
        return None
    low, high = max(1 / 8, min(0.5, *everything)), min(64, max(2, *everything))
    marks = ticks(low, high)
    low, high = marks[0], marks[-1]

    def x(value):
        value = min(max(value, low), high)
        return LEFT + WIDTH * math.log(value / low) / math.log(high / low)

    parts, y = [], 78
    body = []
    for words, rows in groups:
        body.append(f'<text x="16" y="{y + 12}" font-weight="bold" font-size="13">{escape(words[0].upper() + words[1:])}</text>')
        y += 24
        for about, bars in rows:
            middle = y + len(bars) * BAR / 2
            body.append(f'<text x="{LEFT - 12}" y="{middle + 4:.1f}" text-anchor="end">{escape(about["words"])}</text>')
            for name, value in bars:
                start, end = sorted((x(1), x(value)))
                body.append(f'<rect x="{start:.1f}" y="{y}" width="{max(end - start, 1):.1f}" height="{BAR - 1}" rx="1.5" '
                            f'fill="{colours[name]}"><title>{escape(name)}: {value:.2f}</title></rect>')
                target = (about.get("target") or (None, None))["rootless" in name] if name.startswith("shale") else None
                mark = x(target) if target else None
                side, colour = f'x="{end + 4:.1f}"', "#444"
                if value >= 1 and mark and end <= mark + 2 and mark < end + 26:
                    side = f'x="{mark + 4:.1f}"'
                elif value < low:
                    # The bar ends at the edge; its figure stands in it.
                    side, colour = f'x="{start + 4:.1f}"', "#fff"
                elif value < 1:
                    side = f'x="{start - 4:.1f}" text-anchor="end"'
                body.append(f'<text {side} y="{y + BAR - 1.5}" font-size="8.5" fill="{colour}">{value:.2f}</text>')
                if mark:
                    body.append(f'<line x1="{mark:.1f}" x2="{mark:.1f}" y1="{y - 1}" y2="{y + BAR}" stroke="#c0202a" '
                                'stroke-width="2"/>')
                y += BAR
            y += GAP
        y += 8
    height = y + 40
    parts.append(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LEFT + WIDTH + RIGHT} {height}" '
                 f'width="{LEFT + WIDTH + RIGHT}" height="{height}" font-family="DejaVu Sans, Helvetica, sans-serif" font-size="11" '
                 'fill="#222"><rect width="100%" height="100%" fill="white"/>')
    parts.append(f'<text x="16" y="26" font-size="15" font-weight="bold">Time as a ratio to kernel overlayfs; further left '
                 f'is faster. Rounds: {len(results["rounds"])}</text>')
    place = 16
    for name in shown:
        parts.append(f'<rect x="{place}" y="40" width="12" height="12" rx="2" fill="{colours[name]}"/>'
                     f'<text x="{place + 17}" y="50">{escape(name)}</text>')
        place += 35 + 7 * len(name)
    parts.append(f'<line x1="{place + 4}" x2="{place + 4}" y1="40" y2="52" stroke="#c0202a" stroke-width="2"/>'
                 f'<text x="{place + 12}" y="50">to reach</text>')
    for mark in marks:
        strong = mark == 1
        parts.append(f'<line x1="{x(mark):.1f}" x2="{x(mark):.1f}" y1="72" y2="{height - 28}" '
                     f'stroke="{"#555" if strong else "#e4e4e4"}" stroke-width="{1.2 if strong else 1}"/>')
        for level in (68, height - 14):
            parts.append(f'<text x="{x(mark):.1f}" y="{level}" text-anchor="middle" font-size="9.5" fill="#555">{mark:g}</text>')
    return "\n".join(parts + body + ["</svg>", ""])
