"""Run commands of evo on a system without fork, locks, limits and signals of POSIX: Windows, as far
as Python shows it. Usage: python other_system.py COMMAND…, each command one argument.

What is not evo's is imported before, as its own code for Windows is not tried here.
"""

import _thread
import asyncio
import importlib
import multiprocessing.forkserver
import os
import shlex
import signal
import sys
import threading
import time
import urllib.request

PAGE = "http://127.0.0.1:18437/c/run/overview"
IMPORTED = (
    *(
        "torch",
        "pebble",
        "uvicorn.server",
        "uvicorn.protocols.http.h11_impl",
        "h5py",
        "matplotlib.pyplot",
        "scipy.stats",
        "httpx2",
        "typer.rich_utils",
    ),
    *("rich.live", "rich.prompt", "platformdirs", "openai", "jinja2", "deap.tools", "faiss"),
    *("uvicorn.server", "uvicorn.protocols.http.h11_impl"),
    *("torchvision", "sentence_transformers", "pyarrow", "click", "starlette.applications"),
    *("typer._completion_classes", "huggingface_hub", "pygments.lexers", "moocore", "tqdm"),
)
MODULES = ("fcntl", "resource", "termios", "pwd", "grp", "pty")
CALLS = {
    os: "fork forkpty sched_getaffinity getuid geteuid killpg sysconf setsid getpgid setpgid "
    "register_at_fork",
    signal: "SIGKILL SIGALRM SIGHUP setitimer ITIMER_REAL pthread_sigmask pause",
}


def become_windows() -> None:
    """Take away from this process what Windows has not."""
    for name in IMPORTED:
        importlib.import_module(name)
    for name in MODULES:
        sys.modules[name] = None  # type: ignore[assignment] # importing it fails
    for module, names in CALLS.items():
        for name in names.split():
            delattr(module, name)
    asyncio.ProactorEventLoop = asyncio.SelectorEventLoop  # type: ignore[misc] # uvicorn asks for it
    sys.platform = "win32"
    assert asyncio and multiprocessing.forkserver


def visit_once_served() -> None:
    """Fetch a page of the view that another thread of this process serves, then interrupt it."""
    for _ in range(600):
        time.sleep(0.1)
        try:
            with urllib.request.urlopen(PAGE, timeout=60) as reply:
                page = reply.read().decode()
        except OSError:
            continue
        sys.stderr.write(f"== page: {reply.status} {'Overview' in page}\n")
        break
    _thread.interrupt_main()


if __name__ == "__main__":
    become_windows()
    from evo.__main__ import main

    for command in sys.argv[1:]:
        sys.argv = ["evo", *shlex.split(command)]
        code = 0
        if sys.argv[1] == "view":
            threading.Thread(target=visit_once_served, daemon=True).start()
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
        sys.stdout.flush()
        sys.stderr.write(f"== {command.split()[0]}: {code}\n")
