"""`evo pareto`."""

from typing import TYPE_CHECKING, Annotated

import typer

from evo.commands.completion import complete_run
from evo.commands.console import err, out, picture_folder, print_json, read_run
from evo.commands.options import JsonOption, Plot, RunName
from evo.core.errors import UsageError

if TYPE_CHECKING:
    from archive.history.reader import Reader


def pareto(
    run: RunName,
    *,
    objectives: Annotated[
        str,
        typer.Option(
            metavar="KEY,KEY…",
            help="Two or more of b_wr, bsota_wr, margin, metric, n_text, n_behaviour, and of those "
            "that are minimised: loss, least_metric, latency, memory, parameters, seconds, nodes, "
            "length.",
        ),
    ] = "b_wr,n_behaviour",
    over: Annotated[
        str | None,
        typer.Option(
            metavar="RUN2",
            help="Show the front of a second campaign over this one.",
            autocompletion=complete_run,
        ),
    ] = None,
    plot: Plot = None,
    as_json: JsonOption = False,
) -> None:
    """Show the Pareto front, how certain it is, and the baselines on the same scale."""
    history = read_run(run)
    beside = None if over is None else read_run(over)
    from evo.report.facts.objectives import objectives_of

    chosen = objectives_of([key.strip() for key in objectives.split(",") if key.strip()])
    if beside is not None:
        _check_alike(history, beside)
    from evo.report.facts.overview import overview_of, with_one_reference
    from evo.report.facts.pareto import pareto_facts
    from evo.report.views.pareto import pareto_view

    overview = overview_of(history, chosen)
    other = None if beside is None else overview_of(beside, chosen)
    if other is not None:
        overview, other = with_one_reference(overview, other)
    if as_json:
        print_json(pareto_facts(overview, other))
    else:
        out.print(pareto_view(overview, other))
    if plot is not None:
        from evo.report.pictures import save_all

        with picture_folder(plot):
            paths = save_all(overview, plot, over=other)
        err.print(f"{len(paths)} pictures: {plot}", soft_wrap=True, markup=False)


def _check_alike(one: "Reader", other: "Reader") -> None:
    """Refuse campaigns of different kinds, and warn where win rates are not comparable."""
    if one.config["kind"] != other.config["kind"]:
        raise UsageError(
            f"Expected two campaigns of one kind, got {one.config['kind']} and "
            f"{other.config['kind']}: their fronts are not comparable."
        )
    differ = [key for key in ("tasks", "protocol") if one.config.get(key) != other.config.get(key)]
    if differ:
        warning = (
            f"They differ in {' and '.join(differ)}: win rates are comparable only between runs "
            "with the same tasks and protocol."
        )
        err.print(warning, style="yellow", soft_wrap=True, markup=False)
