"""`evo bench`: benchmarks of search strategies."""

from pathlib import Path
from typing import Annotated

import typer

from evo.commands.console import err, picture_folder, print_facts
from evo.commands.options import JsonOption
from evo.core.errors import UsageError, unknown_name

bench = typer.Typer(help="Compare search strategies.", no_args_is_help=True)


@bench.callback()
def group() -> None:
    """Compare search strategies."""


@bench.command()
def tabular(
    pool: Annotated[
        Path | None,
        typer.Argument(help="Pool as parquet; by default the packaged one."),
    ] = None,
    *,
    strategy: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Strategy to compare, by default all; repeatable."),
    ] = None,
    budget: Annotated[int, typer.Option(help="Evaluations per strategy.")] = 200,
    batch: Annotated[int, typer.Option(help="Evaluations per batch.")] = 25,
    seeds: Annotated[int, typer.Option(help="Repetitions per strategy.")] = 10,
    seed: Annotated[int, typer.Option(help="Random seed.")] = 0,
    goal: Annotated[
        str, typer.Option(metavar="b_wr|bsota_wr", help="Win rate to maximise.")
    ] = "b_wr",
    reach: Annotated[
        float | None,
        typer.Option(help="Measure the time to this win rate; by default that of the best 1 %."),
    ] = None,
    plot: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Save the picture in this folder, as PNG and SVG."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Compare how quickly strategies find the best of a pool of fully trained candidates."""
    from evo.studies.catalogue import expect_pool_strategies
    from evo.studies.tabular.goal import GOALS

    if pool is not None and not pool.is_file():
        raise UsageError(f"Expected the parquet file of a pool, found none at {pool.absolute()}.")
    if goal not in GOALS:
        raise unknown_name("goal", goal, GOALS)
    expect_pool_strategies(strategy or ())
    from evo.report.views.tabular import tabular_view
    from evo.report.views.work import work_view
    from evo.studies.tabular.benchmark import BenchmarkPlan, Table, measure
    from evo.studies.tabular.facts import tabular_facts
    from evo.studies.tabular.strategy import strategies

    chosen = {name: strategies.get(name) for name in strategy or strategies.names()}
    table = Table.read(pool, goal=goal)
    level = float(table.truth[table.best(0.01)[-1]]) if reach is None else reach
    plan = BenchmarkPlan(budget=budget, batch=batch, seeds=seeds, reach=level, seed=seed)
    with work_view("searches", err) as on_progress:
        results = measure(table, chosen, plan, on_progress=on_progress)
    facts = tabular_facts(table, plan, results)
    print_facts(facts, tabular_view(facts), as_json=as_json)
    if plot is not None:
        from evo.report.pictures import tabular as picture
        from evo.report.pictures.style import picture_style, save

        with picture_folder(plot), picture_style():
            paths = save(picture.draw_tabular(facts), plot, "tabular")
        err.print(f"{len(paths)} pictures: {plot}", soft_wrap=True, markup=False)


@bench.command()
def search(
    *,
    strategies: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Strategy to compare, by default all; repeatable."),
    ] = None,
    extra: Annotated[
        list[Path] | None,
        typer.Option("--with", metavar="FILE", help="TOML file of further strategies; repeatable."),
    ] = None,
    reference: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Strategy to compare with, by default the first."),
    ] = None,
    evaluations: Annotated[int, typer.Option(help="Candidates trained per search.")] = 2000,
    seeds: Annotated[int, typer.Option(help="Searches per strategy.")] = 20,
    seed: Annotated[int, typer.Option(help="Random seed of the first search.")] = 0,
    reach: Annotated[
        float, typer.Option(help="Measure the evaluations until a candidate has this margin.")
    ] = 0.08,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Setting of all strategies; repeatable."),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Surrogate data of a study, as `evo study --export` writes it.",
        ),
    ] = None,
    processes: Annotated[
        int, typer.Option(help="Searches side by side; 0 for one per processor.")
    ] = 0,
    quick: Annotated[
        bool, typer.Option("--quick", help="Only show that it runs: two short searches each.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Compare search strategies on a surrogate of the default task: nothing trains."""
    import os

    from evo.campaign.config import read_settings
    from evo.report.views.search_bench import search_view
    from evo.report.views.work import work_view
    from evo.studies.tabular.surrogate.benchmark import SearchPlan, compare_strategies
    from evo.studies.tabular.surrogate.examples import grounds_of
    from evo.studies.tabular.surrogate.facts import search_facts
    from evo.studies.tabular.surrogate.strategies import own_strategies, read_strategies

    given = {name: table for file in extra or () for name, table in read_strategies(file).items()}
    known = own_strategies() | given
    first = [] if reference is None else [reference]
    named: list[str] = [*first, *(strategies or ([] if given else known)), *given]
    names = list(dict.fromkeys(named))
    for name in names:
        if name not in known:
            raise unknown_name("strategy", name, known)
    if len(names) < 2:
        raise UsageError("Expected at least two strategies to compare.")
    if quick:
        evaluations, seeds = 48, 2
    plan = SearchPlan(evaluations=evaluations, seeds=seeds, reach=reach, seed=seed, data=data)
    with work_view("searches", err) as on_progress:
        results = compare_strategies(
            {name: known[name] for name in names},
            plan,
            changes={**grounds_of(data).settings, **read_settings(settings or ())},
            processes=processes or os.cpu_count() or 1,
            on_progress=on_progress,
        )
    base = reference or names[0]
    facts = search_facts(plan, results, base)
    print_facts(facts, search_view(facts), as_json=as_json)
