"""`evo report`."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from archive.folders import study_folder
from evo.commands.completion import complete_run
from evo.commands.console import err, read_run
from evo.core.errors import UsageError

if TYPE_CHECKING:
    from archive.history.reader import Reader
    from evo.report.documents.contents import Report
    from evo.report.documents.study_contents import StudyReport

_ENDINGS = {".html": "html", ".htm": "html", ".md": "md", ".tex": "latex"}


def report(
    runs: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN…|STUDY",
            help="Campaigns: names under runs/, or folders; running ones too. Or one study.",
            autocompletion=complete_run,
        ),
    ],
    *,
    against: Annotated[
        list[str] | None,
        typer.Option(
            metavar="RUN",
            help="Campaign to compare the search with, such as one of --strategy random; "
            "repeatable.",
            autocompletion=complete_run,
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="File to write; by default report.html, and standard output for md and latex.",
        ),
    ] = None,
    format: Annotated[  # noqa: A002 - the option's name
        str | None, typer.Option(help="html, md or latex; by default as the file's name ends.")
    ] = None,
) -> None:
    """Write a report to keep: best components, front, trajectory, cost, how to reproduce."""
    form = format or (_ENDINGS.get(output.suffix.lower(), "html") if output else "html")
    if len(runs) == 1 and (study := study_folder(runs[0])) is not None:
        read: Callable[[], Report | StudyReport] = partial(
            _study, study, against or (), pictures=form == "html"
        )
    else:
        histories = [read_run(run) for run in runs]
        others = [read_run(run) for run in against or ()]
        read = partial(_campaigns, histories, others, pictures=form == "html")
    from evo.report.documents.writing import ESCAPES, write_report

    if form not in ESCAPES:
        raise UsageError(f"Expected a format of {', '.join(ESCAPES)}, got {form!r}.")
    document = write_report(read(), form)
    if output is None and form != "html":
        typer.echo(document)
        return
    path = output or Path("report.html")
    try:
        path.write_text(document, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path}: expected a file that can be written ({error}).") from None
    err.print(f"Report: {path}", soft_wrap=True, markup=False, highlight=False)


def _study(folder: Path, against: Sequence[str], *, pictures: bool) -> "StudyReport":
    from evo.studies.grid.report import report_of_study

    if against:
        raise UsageError("--against compares campaigns; a study compares its cells.")
    return report_of_study(folder, pictures=pictures)


def _campaigns(
    histories: "Sequence[Reader]", others: "Sequence[Reader]", *, pictures: bool
) -> "Report":
    from evo.report.documents.contents import report_of

    return report_of(histories, pictures=pictures, against=others)
