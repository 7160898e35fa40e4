"""A run's results: what is written and read as JSON, ratios and their spread, and what differs between two runs.

{"kind": "mounts", "machine": {…}, "subjects": {NAME: {"base": NAME}}, "rows": {NAME: {…}},
 "rounds": [{SUBJECT: {ROW: {"seconds": …, "processor": …, "peak": KiB, "descriptors": …}}}], "errors": {SUBJECT: {ROW: TEXT}}}
"""
import json
import os
import statistics
import sys


def write(path, results):
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    with open(path + ".part", "w") as file:
        json.dump(results, file, indent=1)
    os.rename(path + ".part", path)


def read(path):
    try:
        with open(path) as file:
            results = json.load(file)
        if not {"kind", "rows", "subjects", "rounds"} <= results.keys():
            raise ValueError("not what this script writes")
        return results
    except (OSError, ValueError) as error:
        sys.exit(f"bench: {path}: {error}")


def holds(results):
    """Whether anything was measured."""
    return any(any(one.values()) for one in results["rounds"])


def figures(results, row, subject, key=None):
    """A row's figures of one subject, one for each round."""
    key = key or results["rows"][row]["figure"]
    return [one[subject][row][key] for one in results["rounds"] if one.get(subject, {}).get(row, {}).get(key) is not None]


def median(values):
    return statistics.median(values) if values else None


def ratios(results, row, subject, base=None):
    """To the base in the same round."""
    base = base or results["subjects"][subject]["base"]
    pairs = []
    for one in results["rounds"]:
        mine, other = (one.get(name, {}).get(row, {}).get("seconds") for name in (subject, base))
        if mine and other:
            pairs.append(mine / other)
    return pairs


def values(results, row, subject):
    """What is told of a row: ratios where it is timed, otherwise the figures themselves."""
    if results["rows"][row]["figure"] != "seconds":
        return figures(results, row, subject)
    found = ratios(results, row, subject) if results["kind"] == "mounts" else []
    return found or figures(results, row, subject)


def span(found):
    """Where the values lie: all of them, of seven or more without the lowest and the highest."""
    found = sorted(found)
    return (found[1], found[-2]) if len(found) >= 7 else (found[0], found[-1])


def bases(results, subject):
    return results["subjects"][subject]["base"]


def compare(old, new):
    """[(row, subject, median before, median now, change, verdict)] for what both runs have."""
    lines = []
    for row in new["rows"]:
        for subject in new["subjects"]:
            if row not in old["rows"] or subject not in old["subjects"] or bases(old, subject) != bases(new, subject):
                continue
            before, now = values(old, row, subject), values(new, row, subject)
            if not before or not now or subject == new.get("reference") and new["rows"][row]["figure"] == "seconds":
                continue
            was, is_ = median(before), median(now)
            if min(len(before), len(now)) < 3:
                verdict = "too few rounds to say"
            elif span(now)[0] > span(before)[1]:
                verdict = "worse"
            elif span(now)[1] < span(before)[0]:
                verdict = "better"
            else:
                verdict = "within the noise"
            lines.append((row, subject, was, is_, is_ / was - 1 if was else None, verdict))
    return lines


def missed(results):
    """[(row, subject, value, target)] where one of ours is above what is to be reached."""
    lines = []
    for row, about in results["rows"].items():
        for subject in results["subjects"]:
            if not about.get("target") or not subject.startswith("shale"):
                continue
            value, target = median(values(results, row, subject)), about["target"]["rootless" in subject]
            if value is not None and value > target:
                lines.append((row, subject, value, target))
    return lines
