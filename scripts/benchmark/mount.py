"""The mount itself: what its start and stop cost, and the memory for names that the kernel holds and has forgotten."""
import os
import time

from .cost import cost
from .row import Row
from .scaling import DEPTHS


def start_and_stop(place):
    """Processor milliseconds of everything that runs: mount, one stat, unmount, until the server is gone."""
    place.unmount()
    script = '"$@" && stat "$BENCH_M" && umount "$BENCH_M"'
    taken = [cost(["sh", "-c", script, "sh", *place.words], place.directory, dict(os.environ, BENCH_M=place.m))
             for _ in range(5)]
    place.mount()
    best = sorted(taken, key=lambda one: one["processor"])[2]
    return {"seconds": best["wall"], "milliseconds": best["processor"] * 1000, "peak": best["memory"]}


def memory(name):
    def work(place):
        """Bytes that the server holds for each name it was asked about, and KiB that stay when the kernel has forgotten all."""
        place.unmount()
        place.mount()
        count, before = 0, place.resident()
        if before is None:
            return None
        for here, directories, names in os.walk(place.m + "/" + name):
            for one in directories + names:
                os.lstat(here + "/" + one)
                count += 1
        held, peak = place.resident(), place.peak()
        # FORGET follows in its own time.
        for pause in (0.3, 0.5):
            place.ask("2")
            time.sleep(pause)
        return {"bytes": max(0, held - before) * 1024 / count, "kept": place.resident() - before, "peak": peak}
    return work


SMALL, LARGE = memory("tree"), memory("n100000")

ROWS = [
    Row("memory", "memory for a name held, bytes", "files", SMALL, figure="bytes", inner=True, target=(400, 400)),
    Row("memory-kept", "kept when all are forgotten, KiB", "files", SMALL, figure="kept", inner=True),
    Row("memory-100k", "for a name of 100,000 in a directory, bytes", "names", LARGE, figure="bytes", inner=True,
        target=(400, 400), long=True),
    Row("memory-100k-kept", "kept when all are forgotten, KiB", "names", LARGE, figure="kept", inner=True, long=True),
] + [
    Row(f"start-{n}", f"start and stop, {n} layers, processor ms", f"depth-{n}", start_and_stop, figure="milliseconds", inner=True,
        target=(10, 10), long=n in (10, 200)) for n in DEPTHS
]
