"""What a command costs, with every process that it leaves behind."""
import ctypes
import json
import os
import resource
import subprocess
import sys
import tempfile
import time

PR_SET_CHILD_SUBREAPER = 36


def cost(words, cwd, environment):
    """Runs a command: its wall seconds, processor seconds and KiB of the largest process. Raises where it fails."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.write(write, json.dumps(observe(words, cwd, environment)).encode())
            status = 0
        finally:
            os._exit(status)
    os.close(write)
    with os.fdopen(read) as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    taken = json.loads(said or '{"status": -1, "said": "ended"}')
    if taken.pop("status") != 0:
        raise RuntimeError(f"{' '.join(words[:4])}: {taken['said'].strip()[-300:]}")
    del taken["said"]
    return taken


def observe(words, cwd, environment):
    # A process that waits for whatever the command leaves behind, and counts it.
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    with open(os.devnull, "r+b") as null, tempfile.TemporaryFile() as errors:
        start = time.monotonic()
        status = subprocess.run(words, cwd=cwd, env=environment, stdin=null, stdout=null, stderr=errors).returncode
        wall = time.monotonic() - start
        errors.seek(0)
        said = errors.read()[-2000:].decode(errors="replace")
    while True:
        try:
            os.wait()
        except ChildProcessError:
            break
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    sys.stdout.flush()
    return {"wall": wall, "processor": used.ru_utime + used.ru_stime, "memory": used.ru_maxrss, "status": status, "said": said}
