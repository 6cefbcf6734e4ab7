"""A program that answers a prompt, in the way that its first argument names."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

LINGERS = [sys.executable, "-c", "import time; time.sleep(300)"]
REPLY = "A sine.\n\n```python\nimport torch\n\ndef activation(x):\n    return torch.sin(x)\n```\n"
say = sys.stdout.write
write = sys.stdout.buffer.write
given = sys.argv[2:]


def folder() -> None:
    say(f"{sorted(path.name for path in Path.cwd().iterdir())}\n{Path.cwd()}")


def result() -> None:
    """Answer as the headless command line of an agent does, with what the call cost."""
    say(json.dumps({"type": "result", "result": REPLY, "total_cost_usd": 0.0123}) + "\n")


def fail() -> None:
    sys.stderr.write(f"no quota for {os.environ.get('AGENT_KEY')}")
    raise SystemExit(3)


def flood() -> None:
    while True:
        say("all work and no play " * 1000)


def fork() -> None:
    """Start a daemon of its own session that holds standard output open."""
    subprocess.Popen(LINGERS, start_new_session=True)
    Path(given[0]).write_text("started")
    say(REPLY)


def forks() -> None:
    while True:
        subprocess.Popen(LINGERS, start_new_session=True)
        time.sleep(0.01)


def fill() -> None:
    for number in range(10_000):
        Path(f"{number}.bin").write_bytes(bytes(4 * 2**20))


def huge() -> None:
    with Path("huge.bin").open("wb") as file:
        while True:
            file.write(bytes(2**20))


def locked() -> None:
    inner = Path("a/b")
    inner.mkdir(parents=True)
    (inner / "c").write_text("c")
    inner.parent.chmod(0)
    say(REPLY)


WAYS: dict[str, Callable[[], object]] = {
    "answer": lambda: say(REPLY),
    "result": result,
    "file": lambda: say(Path(given[0]).read_text()),
    "echo": lambda: say(sys.stdin.read()),
    "folder": folder,
    "environment": lambda: say("\n".join(f"{k}={v}" for k, v in sorted(os.environ.items()))),
    "fail": fail,
    "silent": lambda: say("  "),
    "flood": flood,
    "binary": lambda: write(b"\x7fELF\0\xff"),
    "latin": lambda: write("é".encode("latin-1")),
    "sleep": lambda: time.sleep(300),
    "fork": fork,
    "forks": forks,
    "fill": fill,
    "huge": huge,
    "locked": locked,
}
if __name__ == "__main__":
    WAYS[sys.argv[1]]()
