"""The command line: parse, call, print. Results go to standard output, the rest to standard error.

Exit codes: 0 done, 1 the work failed, 2 wrong use or configuration (before anything is spent),
130 interrupted with everything saved.
"""

import errno
import signal
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from types import FrameType
from typing import Annotated, Any

import typer

from evo.commands.bench import bench
from evo.commands.check import check
from evo.commands.clean import clean
from evo.commands.compare import compare
from evo.commands.config import config
from evo.commands.confirm import confirm
from evo.commands.console import err
from evo.commands.ctl import ctl
from evo.commands.doctor import doctor
from evo.commands.evaluate import evaluate
from evo.commands.export import export
from evo.commands.fidelity import fidelity
from evo.commands.group import Group
from evo.commands.init import init
from evo.commands.list import list_command
from evo.commands.mcp import mcp
from evo.commands.pareto import pareto
from evo.commands.report import report
from evo.commands.resume import resume
from evo.commands.reward import reward
from evo.commands.run import run
from evo.commands.sandbox import sandbox
from evo.commands.show import show
from evo.commands.skill import skill
from evo.commands.status import status
from evo.commands.streams import leave_output, settle_streams
from evo.commands.study import study
from evo.commands.try_ import try_
from evo.commands.validate import validate
from evo.commands.view import view
from evo.core.errors import EvoError, UsageError
from evo.core.interrupts import plain_interrupts
from evo.core.places import RUNS, has_temporary_folder, settle_places

app = typer.Typer(
    name="evo",
    cls=Group,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(*, asked: bool) -> None:
    if asked:
        from importlib.metadata import version  # noqa: PLC0415 - costs time that few need pay

        typer.echo(f"evo {version('evo-search')}")
        raise typer.Exit


@app.callback()
def options(
    *,
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Evolve machine-learning components as source code, scored by honest training."""


# In the order of `evo --help`.
COMMANDS: dict[str, tuple[Callable[..., None], ...]] = {
    "Search": (init, run, resume, study, ctl, status, view, config),
    "Results": (report, pareto, show, compare, confirm, export, check),
    "Components": (validate, evaluate),
    "Measure the method": (fidelity, reward),
}
INFORMATION = "Know evo and this machine"


def _guarded(command: Callable[..., None]) -> Callable[..., None]:
    """The command, whose interruption is exit code 130 and whose output is written when it ends."""

    @wraps(command)
    def guarded(*args: Any, **options: Any) -> None:
        try:
            with plain_interrupts():
                command(*args, **options)
                sys.stdout.flush()
        except KeyboardInterrupt:
            err.print("evo: interrupted.", style="red")
            raise typer.Exit(130) from None

    return guarded


for panel, commands in COMMANDS.items():
    for command in commands:
        app.command(rich_help_panel=panel)(_guarded(command))
app.add_typer(bench, name="bench", rich_help_panel="Measure the method")
app.command("try", rich_help_panel="Search")(_guarded(try_))
app.command("list", rich_help_panel=INFORMATION)(_guarded(list_command))
app.command(rich_help_panel=INFORMATION)(_guarded(doctor))
app.command(rich_help_panel=INFORMATION)(_guarded(clean))
app.command(rich_help_panel=INFORMATION)(_guarded(mcp))
app.command(rich_help_panel=INFORMATION)(_guarded(sandbox))
app.command(rich_help_panel=INFORMATION)(_guarded(skill))


def main() -> None:
    """Entry point: an error that a person can fix becomes one message and an exit code."""
    settle_streams()
    if not _is_somewhere():
        err.print("evo: The working directory was deleted. Change to one that exists.", style="red")
        sys.exit(2)
    settle_places(RUNS)
    # Schedulers stop a job with SIGTERM: it ends a campaign as Ctrl-C does.
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        app()
    except EvoError as error:
        _say(str(error), error)
        sys.exit(2 if isinstance(error, UsageError) else 1)
    except OSError as error:
        leave_output()
        if not has_temporary_folder() and not error.filename:
            _say(
                "No folder for temporary files can be written. Set TMPDIR to one that can, or make "
                f"{RUNS}/ writable.",
                error,
            )
            sys.exit(1)
        if error.errno not in _REFUSALS:
            raise
        place = error.filename or ("standard output" if error.errno in _FULL else "a file")
        _say(f"Cannot write or read {place}: {error.strerror}. What was finished is saved.", error)
        sys.exit(1)


def _is_somewhere() -> bool:
    """True if the working directory exists."""
    try:
        Path.cwd()
    except FileNotFoundError:
        return False
    return True


_REFUSALS = frozenset(
    getattr(errno, name)
    for name in (
        *("ENOSPC", "EDQUOT", "EROFS", "EACCES", "EPERM", "EIO", "EFBIG", "EMFILE", "ENFILE"),
        *("ENOENT", "ENOTDIR", "EISDIR", "ENAMETOOLONG", "ENOLCK", "ESTALE", "EBADF"),
    )
    if hasattr(errno, name)
)
"""Errors of the system that a person can do something about."""


_FULL = frozenset({errno.ENOSPC, errno.EBADF, errno.EIO})


def _say(message: str, error: Exception) -> None:
    lines = "\n".join([f"evo: {message}", *getattr(error, "__notes__", ())])
    err.print(lines, style="red", highlight=False, soft_wrap=True, markup=False)


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
