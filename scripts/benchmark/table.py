"""Results as text."""
from . import results as r
from .row import SECTIONS


def columns(head, lines, left=1):
    """Aligned columns, the first `left` of them to the left."""
    widths = [max(len(line[i]) for line in [head] + lines) for i in range(len(head))]
    return "\n".join("  ".join(cell.ljust(w) if i < left else cell.rjust(w) for i, (cell, w) in enumerate(zip(line, widths))).rstrip()
                     for line in [head] + lines)


def number(value):
    if value is None:
        return "-"
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def present(results, rows):
    """Subjects that have done one of the rows, or failed in it."""
    return [name for name in results["subjects"] if any(r.figures(results, row, name) or failure(results, row, name) for row, _ in rows)]


def rows_of(results, section, test=lambda about: True):
    """Those that at least one subject has done, or failed in."""
    return [(name, about) for name, about in results["rows"].items() if about["section"] == section and test(about)
            and any(r.figures(results, name, one) or failure(results, name, one) for one in results["subjects"])]


def targets(about):
    return "%g / %g" % tuple(about["target"]) if about.get("target") else ""


def ratio_table(results, rows):
    """Times: kernel overlayfs's in seconds, the others' as ratios to it."""
    reference = results["reference"]
    others = [name for name in present(results, rows) if name != reference]
    lines = []
    for name, about in rows:
        seconds = r.median(r.figures(results, name, reference))
        cells = [about["words"], failure(results, name, reference) or ("-" if seconds is None else f"{seconds:.3f}")]
        cells += [failure(results, name, one) or number(r.median(r.ratios(results, name, one))) for one in others]
        lines.append(cells + [targets(about)])
    return columns(["work", reference + ", s", *others, "to reach"], lines)


def failure(results, row, subject):
    return "failed" if row in results["errors"].get(subject, {}) and not r.figures(results, row, subject) else None


def figure_table(results, rows):
    """Figures as they are."""
    names = present(results, rows)
    lines = [[about["words"], *[failure(results, name, one) or number(r.median(r.figures(results, name, one))) for one in names],
              "%g" % about["target"][0] if about.get("target") else ""] for name, about in rows]
    return columns(["work", *names, "to reach"], lines)


def server_table(results, rows):
    """What the servers needed for each row: MiB at most, descriptors after it, processor seconds."""
    names = [name for name in results["subjects"] if any(r.figures(results, row, name, "descriptors") for row, _ in rows)]
    rows = [(row, about) for row, about in rows if any(r.figures(results, row, name, "descriptors") for name in names)]
    if not names:
        return None
    lines = []
    for row, about in rows:
        cells = [about["words"]]
        for name in names:
            peak, descriptors, used = (r.median(r.figures(results, row, name, key)) for key in ("peak", "descriptors", "processor"))
            cells.append("-" if peak is None else f"{peak / 1024:.1f}  {descriptors:.0f}  {used or 0:.2f}")
        lines.append(cells)
    return columns(["server: MiB at most, descriptors, processor s", *names], lines)


def growth_table(results, rows):
    """Series: how many times the time of the series' first row each row takes; None where no series has two rows."""
    names = present(results, rows)
    first, lines = {}, []
    of = [about["series"][0] for _, about in rows]
    rows = sorted(((row, about) for row, about in rows if of.count(about["series"][0]) > 1),
                  key=lambda one: of.index(one[1]["series"][0]))
    if not rows:
        return None
    for row, about in rows:
        words, count, unit = about["series"]
        start, least = first.setdefault(words, (row, count))
        # What is done grows with the names, so their figure is for each of them.
        per = count / least if unit == "names" else 1
        cells = [words if row == start else "", f"{count:,} {unit}"]
        for name in names:
            pairs = []
            for one in results["rounds"]:
                mine, own = (one.get(name, {}).get(which, {}).get("seconds") for which in (row, start))
                if mine and own:
                    pairs.append(mine / own / per)
            cells.append(number(r.median(pairs)))
        lines.append(cells)
    return columns(["time, as a ratio to the same subject's first line", "", *names], lines, left=2)


def mounts(results):
    """Everything that a run of mounts has to say."""
    parts = []
    count = len(results["rounds"])
    of = f"medians of {count} rounds" if count > 1 else "one round"
    for section, words in SECTIONS.items():
        timed = rows_of(results, section, lambda about: about["figure"] == "seconds")
        if timed:
            parts.append(f"{words[0].upper()}{words[1:]}: {of}, ratios to {results['reference']}\n"
                         + ratio_table(results, timed))
        series = [(name, about) for name, about in timed if about["series"]]
        grown = growth_table(results, series)
        if grown:
            parts.append(grown)
        told = rows_of(results, section, lambda about: about["figure"] != "seconds")
        if told:
            parts.append(f"{words[0].upper()}{words[1:]}\n" + figure_table(results, told))
    servers = server_table(results, [(name, about) for name, about in results["rows"].items() if about["figure"] == "seconds"])
    parts += [servers] if servers else []
    above = r.missed(results)
    if above:
        parts.append("Above what is to be reached: " + "; ".join(
            f"{row}, {subject}: {number(value)} of {target:g}" for row, subject, value, target in above))
    return "\n\n".join(parts)


def builds(results):
    """Images and builds: each row's subjects, one a line."""
    lines = []
    for row, about in results["rows"].items():
        first = True
        for subject in results["subjects"]:
            if failure(results, row, subject):
                cells = ["failed", "", "", ""]
            elif r.figures(results, row, subject, "seconds"):
                wall, processor, memory = (r.median(r.figures(results, row, subject, key)) for key in ("seconds", "processor", "peak"))
                ours = r.median(r.ratios(results, row, subject, "shale"))
                cells = [f"{wall:.2f}", f"{processor:.2f}", f"{memory / 1024:.0f}", "-" if ours is None else f"{ours:.1f}"]
            else:
                continue
            lines.append([about["words"] if first else "", subject, *cells, about.get("reach", "") if first else ""])
            first = False
    for index, subject in enumerate(results["subjects"]):
        most = [r.median(r.figures(results, row, subject, "peak")) or 0 for row in results["rows"]]
        lines.append(["most memory of one process in any row" if index == 0 else "", subject, "", "", f"{max(most) / 1024:.0f}", "", "50" if index == 0 else ""])
    return columns(["work", "subject", "wall, s", "processor, s", "peak MiB", "to ours", "to reach"], lines, left=2)


def comparison(old, new):
    lines = [[new["rows"][row]["words"], subject, number(was), number(now), "-" if change is None else f"{change * 100:+.0f} %", verdict]
             for row, subject, was, now, change, verdict in r.compare(old, new)]
    if not lines:
        return "The saved run has no row and subject in common with this one."
    return columns(["compared with the saved run", "subject", "before", "now", "change", "verdict"], lines, left=2)
