"""Shared by commands: the two output streams, reading runs, printing a campaign's result."""

import errno
import json
import shlex
import shutil
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console, RenderableType

from archive.folders import run_folder
from evo.commands.streams import is_unicode, settle_width
from evo.core.errors import EvoError, UsageError

if TYPE_CHECKING:
    from archive.history.reader import Reader
    from evo.report.facts.overview import Overview

settle_width()
out = Console()
err = Console(stderr=True)


def print_result(history: "Reader", overview: "Overview", picture: Path | None) -> None:
    """Print the result of a campaign: generations, front, baselines, picture, next commands."""
    from archive.history.replies import Replies
    from evo.report.facts.authorship import authorship_facts
    from evo.report.facts.climb import climb_of
    from evo.report.facts.logbook import logbook
    from evo.report.facts.trouble import lost_replies
    from evo.report.views.authorship import authorship_table, spent_line
    from evo.report.views.climb import climb_table
    from evo.report.views.generations import generation_table
    from evo.report.views.pareto import pareto_view

    book = logbook(history.records, history.config)
    out.print(generation_table(book))
    out.print(climb_table(book))
    if (authorship := authorship_facts(history.records))["operators"]:
        out.print(authorship_table(authorship))
    if spent := spent_line(Replies.read(history.folder, campaign=history.id).total):
        out.print(spent, markup=False, highlight=False, soft_wrap=True)
    out.print(pareto_view(overview))
    if trouble := lost_replies(history.records).words(history.config):
        out.print(trouble, style="yellow", soft_wrap=True, markup=False, highlight=False)
    climb = climb_of(history.records, history.config)
    if climb is not None and climb.warning:
        warn(climb.warning)
    if picture is not None:
        out.print(f"Picture: {picture}", soft_wrap=True, markup=False)
    _print_next(history)


def _print_next(history: "Reader") -> None:
    from evo.report.facts.record import best_record

    best = best_record(history.records)
    folder = shlex.quote(str(history.folder))
    steps = {
        f"export {folder} --format csv": "one row per record",
        f"pareto {folder} --plot pictures": "the front again, with all pictures",
        "list": "what else to search with",
    }
    if best is None:
        steps = {f"status {folder}": "why no candidate was evaluated"} | steps
    else:
        steps = {
            f"confirm {folder}": "do the best hold on fresh seeds and other tasks?",
            f"show {folder} {best.id[:8]}": "the best candidate, every trial",
        } | steps
    width = max(map(len, steps))
    out.print("Next:")
    for command, meaning in steps.items():
        line = f"  {invoked_as()} {command:{width}}  {meaning}"
        out.print(line, highlight=False, soft_wrap=True, markup=False)


def save_picture(overview: "Overview", folder: Path) -> Path:
    """Save the novelty-against-performance picture of a campaign as `pareto.png` in a folder."""
    from evo.report.pictures import save_pareto

    with picture_folder(folder):
        return save_pareto(overview, folder)


@contextmanager
def picture_folder(folder: Path) -> Generator[None]:
    """Make a folder for pictures, and turn a failure to write there into an error message.

    Raises:
        UsageError: the folder cannot be made or written.
        EvoError: the disk is full.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise EvoError(
                f"{folder} has no room for pictures ({error.strerror}). Free space, then try again."
            ) from None
        raise UsageError(f"{folder}: expected a folder to save pictures in ({error}).") from None


def read_run(run: str) -> "Reader":
    """The campaign of that name or folder, for reading."""
    folder = run_folder(run)
    from archive.history.reader import Reader

    reader = Reader.read(folder)
    for name in reader.strays:
        warn(f"{folder / 'segments' / name} is no segment of a campaign and is left out.")
    return reader


def invoked_as() -> str:
    """The program that runs evo from the working directory, for commands to copy."""
    if shutil.which("evo"):
        return "evo"
    program = Path(sys.argv[0]).absolute()
    if program.name == "__main__.py":
        return f"{shlex.quote(sys.executable)} -m evo"
    here = Path.cwd()
    shown = program.relative_to(here) if program.is_relative_to(here) else program
    return shlex.quote(str(shown))


def resume_command(run: str | Path) -> str:
    """The command that resumes a campaign, by name or folder."""
    return f"{invoked_as()} resume {shlex.quote(str(run))}"


def print_json(facts: Any) -> None:
    """One JSON document on standard output."""
    is_ascii = not is_unicode(sys.stdout)  # a character that is replaced would be lost
    typer.echo(json.dumps(facts, indent=2, ensure_ascii=is_ascii, allow_nan=False))


def warn(message: str) -> None:
    """A warning on standard error."""
    err.print(message, style="yellow", soft_wrap=True, markup=False, highlight=False)


def print_facts(facts: Any, view: RenderableType, *, as_json: bool) -> None:
    """Print facts as JSON for a script, or as a view for a person."""
    if as_json:
        print_json(facts)
    else:
        out.print(view, crop=False)  # a long line of source stays one line
