"""Jobs whose process begins with the imports done: torch, torchvision and scikit-learn take 10 s of a slow processor.

A process that has imported them forks one for each job, as Python's own forkserver does. All else is as ever: the
runner in a session of its own, with the environment, the log and the exit code of a job. tests/jobs starts real ones.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from types import SimpleNamespace

import psutil

_SERVER = """
import json, os, runpy, signal, sys
import fercore.export, fercore.training.evaluate, fercore.training.train

def become(module, arguments, environment):
    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.environ.clear()
    os.environ.update(environment)
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    sys.argv = [module, *arguments]
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as end:
        os._exit(end.code if isinstance(end.code, int) else 1)
    finally:
        os._exit(1)

signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # whoever ends is forgotten: nobody waits for it here
for line in sys.stdin:
    pid = os.fork()
    if not pid:
        become(**json.loads(line))
    print(pid, flush=True)
"""


@contextlib.contextmanager
def warm_processes() -> Iterator[SimpleNamespace]:
    """What `fercore.jobs` needs of `subprocess`, for processes that begin warm; the server starts with the first of
    them and ends with the block. Jobs that run then go on: end them before.
    """
    servers, one_by_one = [], threading.Lock()
    with contextlib.ExitStack() as stack:

        def server() -> subprocess.Popen:
            if not servers:
                command = [sys.executable, "-c", _SERVER]
                servers.append(stack.enter_context(subprocess.Popen(command, stdin=-1, stdout=-1, text=True)))
            return servers[0]

        def start(command: Sequence[str], env: Mapping[str, str], **_: object) -> psutil.Process:
            assert command[:2] == [sys.executable, "-m"]
            request = {"module": command[2], "arguments": command[3:], "environment": dict(env)}
            with one_by_one:
                print(json.dumps(request), file=server().stdin, flush=True)
                return psutil.Process(int(server().stdout.readline()))

        yield SimpleNamespace(Popen=start, DEVNULL=subprocess.DEVNULL)
