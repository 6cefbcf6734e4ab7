"""`sbatch`, `squeue` and `scancel` of a Slurm that is this machine: as many nodes as asked for.

One program under three names. It keeps a file per task beside itself: the process and
the state that Slurm would tell. Options, output and exit codes are those of Slurm 22.05 as far
as evo uses them; an unknown option fails, as there.
"""

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

PLACE = Path(__file__).resolve().parent
STATE = PLACE / "tasks"
OUTAGE = PLACE / "outage"
"""While it is there every command fails, and adds a line to it."""


def sbatch(words: list[str]) -> None:
    options, script = {}, ""
    for word in words:
        if word.startswith("--"):
            name, _, value = word[2:].partition("=")
            options[name] = value
        else:
            script = word
    known = {"parsable", "no-requeue", "array", "output", "job-name", "cpus-per-task", "signal"}
    if unknown := options.keys() - known - {"gres", "partition", "time"}:
        sys.exit(f"sbatch: unrecognized option '--{unknown.pop()}'")
    if not Path(script).read_text().startswith("#!"):
        sys.exit("sbatch: error: This does not look like a batch script.")
    first, last = map(int, options["array"].split("-"))
    job = 1 + max((int(path.name.partition("_")[0]) for path in STATE.iterdir()), default=0)
    for place in range(first, last + 1):
        output = options["output"].replace("%A", str(job)).replace("%a", str(place))
        with Path(output).open("wb") as log:
            task = subprocess.Popen(
                ["/bin/sh", script],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                env={
                    **os.environ,
                    "SLURM_ARRAY_JOB_ID": str(job),
                    "SLURM_ARRAY_TASK_ID": str(place),
                },
                start_new_session=True,
            )
        write(f"{job}_{place}", task.pid, "RUNNING")
    sys.stdout.write(f"{job}\n")


def squeue(words: list[str]) -> None:
    jobs = words[words.index("-j") + 1].split(",")
    for path in sorted(STATE.iterdir()):
        if path.name.partition("_")[0] in jobs:
            sys.stdout.write(f"{path.name}|{state(path)}|node-1\n")


def scancel(words: list[str]) -> None:
    for path in STATE.iterdir():
        if path.name in words or path.name.partition("_")[0] in words:
            end(path.name, "CANCELLED", signal.SIGTERM)


def end(name: str, reason: str, number: int) -> None:
    """End a task as Slurm does, with a state that says why."""
    process, known = json.loads((STATE / name).read_text())
    if known == "RUNNING":
        write(name, process, reason)
        with suppress(ProcessLookupError):
            os.kill(process, number)


def state(path: Path) -> str:
    process, known = json.loads(path.read_text())
    if known != "RUNNING":
        return known
    try:
        stat = Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return "FAILED"
    return "RUNNING" if stat.rpartition(")")[2].split()[0] != "Z" else "FAILED"


def write(name: str, process: int, known: str) -> None:
    draft = PLACE / f".{name}"
    draft.write_text(json.dumps([process, known]))
    draft.replace(STATE / name)


if __name__ == "__main__":
    if OUTAGE.exists():
        with OUTAGE.open("a") as file:
            file.write(f"{Path(sys.argv[0]).name}\n")
        sys.exit("slurm_load_jobs error: Unable to contact slurm controller (connect failure)")
    {"sbatch": sbatch, "squeue": squeue, "scancel": scancel}[Path(sys.argv[0]).name](sys.argv[1:])
