"""Images and builds: the same work by each tool, interleaved; wall time, processor time of all processes, the largest one's memory."""
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from typing import Callable

from . import inputs, machine, results
from .cost import cost
from .tools import BUILDERS, FILL_MANY, FILL_ONE, MOVERS, TOOLS


@dataclass(frozen=True)
class Job:
    """`words` prepares with a tool and returns the command to measure; `reach` is what PERFORMANCE.md wants, rootless."""
    name: str
    title: str
    words: Callable
    reach: str = ""
    debian: bool = False
    tools: tuple = ("shale", "buildah")


TWO = Job("two-lines", "Dockerfile of two lines, cold", lambda tool: tool.build("two"), "0.15")
CACHED = Job("two-lines-cached", "the same, cached", lambda tool: tool.build("two", cached=True), "0.03")
COPY = Job("copy", "two stages, 1,000 files and one of 64 MiB", lambda tool: tool.build("copy"), "2")
COMMIT = Job("commit-1g", "commit of one 1 GiB file", lambda tool: tool.commit(FILL_ONE))

BUILDS = [
    TWO, CACHED,
    Job("many", "Debian, RUN that writes 20,000 files", lambda tool: tool.build("many-debian"), "5", debian=True),
    COPY, COMMIT,
    Job("delete", "Debian, rm -rf /usr/share/doc, 2,000 touched", lambda tool: tool.build("delete"), "2", debian=True),
]
IMAGES = [
    COMMIT,
    Job("commit-20k", "commit of 20,000 small files", lambda tool: tool.commit(FILL_MANY)),
    Job("unpack", "unpack of a Debian root", lambda tool: tool.unpack(), tools=("shale", "buildah", "umoci"), debian=True),
    Job("save", "save of a Debian image", lambda tool: tool.save(), debian=True),
    Job("load", "load of a Debian image", lambda tool: tool.load(), debian=True),
    TWO, CACHED,
    Job("build-20k", "RUN that writes 20,000 files", lambda tool: tool.build("many")),
    COPY,
]


def listing():
    return "\n".join(f"{job.name:18}{words}  {job.title}" for words, jobs in (("--builds", BUILDS), ("--images", IMAGES))
                     for job in jobs)


def choose(items, expression):
    """Those of a dictionary whose names match as a whole."""
    try:
        chosen = {name: one for name, one in items.items() if not expression or re.fullmatch(expression, name)}
    except re.error as error:
        sys.exit(f"bench: {expression}: {error}")
    if not chosen:
        sys.exit(f"bench: {expression}: matches none of {', '.join(items)}")
    return chosen


def measure(arguments, until_stopped):
    """Measures; returns the results and writes them as they come."""
    jobs = choose({job.name: job for job in (BUILDS if arguments.builds else IMAGES)}, arguments.only)
    names = choose(dict.fromkeys(BUILDERS if arguments.builds else MOVERS), arguments.subjects)
    rootless = arguments.builds or arguments.user
    machine.set_up(())
    with machine.scratch(arguments.scratch, "bench-images") as scratch, machine.memory_kept():
        machine.share_code(scratch)
        shalefs = shutil.copy(machine.built(arguments.shalefs, "shalefs"), scratch + "/bin/shalefs")
        shutil.copy(machine.built(arguments.shale, "shale"), scratch + "/bin/shale")
        machine.note("preparing images and contexts")
        inputs.make(scratch + "/given", any(job.debian for job in jobs.values()))
        for part in ("home", "stores", "run", "tmp"):
            os.mkdir(f"{scratch}/{part}", 0o700)
        found = {
            "kind": "builds" if arguments.builds else "images", "machine": machine.description(shalefs),
            "subjects": {name: {"base": "shale"} for name in names},
            "rows": {job.name: {"words": job.title, "figure": "seconds", "reach": job.reach} for job in jobs.values()},
            "rounds": [], "errors": {},
        }
        request = {
            "kind": found["kind"], "jobs": list(jobs), "tools": list(names), "scratch": scratch, "rootless": rootless,
            "rounds": arguments.rounds or (5 if arguments.long else 3),
        }
        until_stopped(lambda: listen(start(request), found, f"{arguments.output}/{found['kind']}.json"))
    return found


def start(request):
    """The process that does the work, in namespaces that end with it: with what it mounted and started."""
    scratch = request["scratch"]
    words = [machine.PYTHON, "-m", "benchmark.images", json.dumps(request)]
    if request["rootless"]:
        machine.sh("chown", "-R", f"{machine.USER}:{machine.USER}", scratch)
        words = ["setpriv", "--reuid", machine.USER, "--regid", machine.USER, "--init-groups", *words]
    # The shell stays root, and stays: who becomes somebody else no longer ends with unshare(1).
    words = machine.namespace(False) + ["sh", "-c", '"$@"; exit $?', "sh", *words]
    environment = dict(os.environ, HOME=scratch + "/home", XDG_RUNTIME_DIR=scratch + "/run", TMPDIR=scratch + "/tmp",
                       PYTHONPATH=scratch + "/bin", PYTHONDONTWRITEBYTECODE="1")
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
        environment.pop(name, None)
    return subprocess.Popen(words, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True, cwd=scratch, env=environment,
                            start_new_session=True)


def listen(process, found, path):
    with process:
        try:
            for line in process.stdout:
                message = json.loads(line)
                number, tool, job = message["round"], message["tool"], message["job"]
                while len(found["rounds"]) <= number:
                    found["rounds"].append({name: {} for name in found["subjects"]})
                if "figure" in message:
                    found["rounds"][number][tool][job] = message["figure"]
                else:
                    found["errors"].setdefault(tool, {})[job] = message["error"]
                    machine.note(f"{tool}: {job}: {message['error']}")
                results.write(path, found)
        finally:
            process.kill()


# ---- Inside, as root or as the ordinary user.

def work(request):
    jobs = [job for job in (BUILDS if request["kind"] == "builds" else IMAGES) if job.name in request["jobs"]]
    for number in range(request["rounds"]):
        order = request["tools"][number % len(request["tools"]):] + request["tools"][:number % len(request["tools"])]
        if request["kind"] == "builds":
            # One store for each builder and round: the bases are loaded once.
            do(request, number, jobs, order, any(job.debian for job in jobs))
        else:
            # What was loaded is what loading must not find.
            for job in jobs:
                do(request, number, [job], [name for name in order if name in job.tools], False)


def do(request, number, jobs, order, debian):
    tools = {}
    try:
        for name in order:
            store = f"{request['scratch']}/stores/{list(TOOLS).index(name)}"
            os.mkdir(store)
            tools[name] = TOOLS[name](store, request["scratch"] + "/given", request["rootless"])
            tools[name].prepare(debian)
        for job in jobs:
            for name in order:
                machine.note(f"round {number + 1} of {request['rounds']}: {job.name}: {name}")
                about = {"round": number, "job": job.name, "tool": name}
                try:
                    words = job.words(tools[name])
                    os.sync()
                    taken = cost(words, tools[name].store, dict(os.environ))
                    figure = {"seconds": taken["wall"], "processor": taken["processor"], "peak": taken["memory"]}
                    print(json.dumps({**about, "figure": figure}), flush=True)
                except RuntimeError as error:
                    print(json.dumps({**about, "error": str(error)}), flush=True)
    finally:
        stores = [tool.store for tool in tools.values()]
        for tool in tools.values():
            if hasattr(tool, "words") and tool.name != "shale":
                tool.run(*tool.words("umount", "-a"), check=False)
        subprocess.run(["umount", "-l", *[f"{store}/root/overlay" for store in stores]], stderr=subprocess.DEVNULL)
        # What belongs to subordinate ids goes where they are ours.
        inside = ["unshare", "-Um", "--map-auto", "--map-root-user"] if request["rootless"] else []
        subprocess.run([*inside, "rm", "-rf", *stores])


if __name__ == "__main__":
    work(json.loads(sys.argv[1]))
