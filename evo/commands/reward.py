"""`evo reward`."""

from pathlib import Path
from typing import Annotated

import typer

from evo.commands.completion import complete_run
from evo.commands.console import err, picture_folder, print_facts, read_run
from evo.commands.options import JsonOption
from evo.core.errors import UsageError, unknown_name


def reward(
    runs: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN…",
            help="Campaigns: names under runs/, or folders; with several, each is a source.",
            autocompletion=complete_run,
        ),
    ],
    *,
    by: Annotated[
        str,
        typer.Option(
            metavar="operator|model",
            help="Compare the candidates of each operator or of each model.",
        ),
    ] = "operator",
    plot: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Save the picture in this folder, as PNG and SVG."),
    ] = None,
    save: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Save the examples, for reward.lessons of another campaign."
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Measure how many of the best candidates a reward model finds per evaluations spent."""
    histories = [read_run(run) for run in runs]
    from evo.report.facts.reward import reward_facts
    from evo.report.views.reward import reward_view
    from evo.studies.reward import SOURCES, Rewards

    if by not in SOURCES:
        raise unknown_name("source", by, SOURCES)
    if save is not None and not save.absolute().parent.is_dir():
        raise UsageError(f"--save {save}: expected a file in a folder that exists.")
    with err.status("learning …"):
        rewards = Rewards.of(histories, by=by)
        judgement = rewards.judgement()
    print_facts(reward_facts(judgement), reward_view(judgement), as_json=as_json)
    if save is not None:
        lessons = rewards.lessons()
        lessons.write(save)
        err.print(f"{len(lessons)} lessons: {save}", soft_wrap=True, markup=False)
    if plot is not None:
        from evo.report.pictures import efficiency, style

        with picture_folder(plot), style.picture_style():
            paths = style.save(efficiency.draw_efficiency(judgement), plot, "efficiency")
        err.print(f"{len(paths)} pictures: {plot}", soft_wrap=True, markup=False)
