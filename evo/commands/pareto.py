"""The Pareto front of a campaign."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from evo.commands.console import err, out, picture_folder, print_json, read_run
from evo.commands.options import JsonOption, RunName
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
            help="Two or more of b_wr, bsota_wr, margin, n_text, n_behaviour, seconds, nodes, "
            "length; the last three are minimised.",
        ),
    ] = "b_wr,n_behaviour",
    over: Annotated[
        str | None,
        typer.Option(metavar="RUN2", help="A second campaign, whose front is laid over this one."),
    ] = None,
    plot: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Save the pictures here, as PNG and SVG.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """The Pareto front, how sure it is, and the baselines on the same scale."""
    from evo.report.facts.objectives import objectives_of

    chosen = objectives_of([key.strip() for key in objectives.split(",") if key.strip()])
    history = read_run(run)
    beside = None if over is None else read_run(over)
    if beside is not None:
        _check_alike(history, beside)
    from evo.report.facts.overview import overview_of, with_one_reference
    from evo.report.facts.pareto import pareto_facts
    from evo.report.views.pareto import pareto_view

    overview = overview_of(history, chosen)
    other = None if beside is None else overview_of(beside, chosen)
    if other is not None:
        overview, other = with_one_reference(overview, other)
    if plot is not None:
        from evo.report.pictures import save_all

        with picture_folder(plot):
            paths = save_all(overview, plot, over=other)
        err.print(f"{len(paths)} pictures: {plot}", soft_wrap=True, markup=False)
    if as_json:
        print_json(pareto_facts(overview, other))
    else:
        out.print(pareto_view(overview, other))


def _check_alike(one: "Reader", other: "Reader") -> None:
    """Refuse campaigns that have nothing in common, and warn of win rates that do not compare."""
    if one.config["kind"] != other.config["kind"]:
        raise UsageError(
            f"Expected two campaigns of one kind, got {one.config['kind']} and "
            f"{other.config['kind']}: their fronts have nothing in common."
        )
    differ = [key for key in ("tasks", "protocol") if one.config.get(key) != other.config.get(key)]
    if differ:
        warning = f"They differ in {' and '.join(differ)}: their win rates are different measures."
        err.print(warning, style="yellow", soft_wrap=True, markup=False)
