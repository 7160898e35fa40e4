"""The client of one mount: mounts it, does the rows' work on it, and says what each took. Started by rounds.py, in its namespace.

On standard output one JSON object for each line: {"row": NAME, "figure": {…}} or {"row": NAME, "error": TEXT}; {"ask": "2"}
wants caches dropped, and waits for a line on standard input.
"""
import json
import os
import resource
import subprocess
import sys
import time

from .catalogue import ROWS


class Place:
    """One subject's mount of one stack."""

    def __init__(self, request):
        self.words, self.m = request["words"], request["m"]
        # Where the names of the layers are relative to.
        self.directory, self.layers = request["directory"], request["layers"]
        self.thorough = request["thorough"]
        self.servers = []

    def say(self, **message):
        print(json.dumps(message), flush=True)

    def ask(self, what):
        """Something that only root outside of the namespace may do."""
        self.say(ask=what)
        if not sys.stdin.readline():
            sys.exit(1)

    def mount(self):
        done = subprocess.run(self.words, cwd=self.directory, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"mount: {done.stderr.strip()[-200:]}")
        self.servers = [int(pid) for pid in os.listdir("/proc") if pid.isdigit() and b"upperdir=" in self.command(pid)]

    def unmount(self):
        for _ in range(100):
            if subprocess.run(["umount", self.m], stderr=subprocess.DEVNULL).returncode == 0:
                break
            time.sleep(0.05)
        else:
            subprocess.run(["umount", "-l", self.m], stderr=subprocess.DEVNULL)
        # What the server still does after that is not the next mount's to wait for.
        for server in self.servers:
            for _ in range(100):
                if not os.path.exists(f"/proc/{server}"):
                    break
                time.sleep(0.02)

    @staticmethod
    def command(pid):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                return b"" if int(pid) == os.getpid() else file.read()
        except OSError:
            return b""

    def status(self, key):
        """KiB of a line of the servers' status, None where the kernel is the server."""
        total = None
        for server in self.servers:
            try:
                with open(f"/proc/{server}/status") as file:
                    total = (total or 0) + int(file.read().split(key + ":")[1].split()[0])
            except (OSError, IndexError):
                pass
        return total

    def resident(self):
        return self.status("VmRSS")

    def peak(self):
        return self.status("VmHWM")

    def processor(self):
        """Seconds that the servers' threads have run."""
        total = 0
        for server in self.servers:
            try:
                for thread in os.listdir(f"/proc/{server}/task"):
                    with open(f"/proc/{server}/task/{thread}/schedstat") as file:
                        total += int(file.read().split()[0])
            except OSError:
                pass
        return total / 1e9

    def descriptors(self):
        try:
            return sum(len(os.listdir(f"/proc/{server}/fd")) for server in self.servers)
        except OSError:
            return None

    def forget_peak(self):
        for server in self.servers:
            try:
                with open(f"/proc/{server}/clear_refs", "w") as file:
                    file.write("5")
            except OSError:
                pass


def run(place, row):
    """One row's figures."""
    if row.warm:
        # A fresh mount has nothing cached itself; the plain tree below it has all that the disk holds.
        place.unmount()
        if place.thorough:
            place.ask("3")
        row.warm(place.layers)
        place.mount()
    held = row.before(place.m) if row.before else None
    # What earlier rows left to be written is not this row's to wait for.
    os.sync()
    place.forget_peak()
    used = place.processor()
    began = time.perf_counter()
    said = row.work(place if row.inner else place.m)
    figure = {"seconds": time.perf_counter() - began}
    if place.servers:
        figure.update(processor=place.processor() - used, peak=place.peak(), descriptors=place.descriptors())
    if isinstance(said, float):
        figure["seconds"] = said
    elif isinstance(said, dict):
        figure.update(said)
    for descriptor in held or []:
        os.close(descriptor)
    return None if row.inner and said is None else figure


def main():
    request = json.loads(sys.argv[1])
    # A client may have as many files open as rows want.
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    place = Place(request)
    place.mount()
    shared = {}
    for row in ROWS:
        if row.name not in request["rows"]:
            continue
        try:
            # Rows that read different figures of the same work share it.
            if row.inner and row.work in shared:
                figure = shared[row.work]
            else:
                figure = shared[row.work] = run(place, row)
            if figure is not None:
                place.say(row=row.name, figure=figure)
        except Exception as error:  # A subject that cannot do one row goes on with the next.
            place.say(row=row.name, error=f"{type(error).__name__}: {error}")
    place.unmount()


if __name__ == "__main__":
    main()
