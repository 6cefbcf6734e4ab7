"""Claim: a component that ranks high on one task ranks high on others; and by how much.

Trains the activations of the panel, and evolved ones of the pool from the best to the median, on
each task with the same seeds and learning rates. Prints Kendall's τ between the rankings of every
two tasks by loss and by accuracy, with its 95 % bootstrap interval over functions, and the
agreement of one half of a task's seeds with the other, which bounds it. Then τ of mixtures, by the
mean rank over their tasks, with each task that is not in them; and the gain of each mixture on
digits alone, over the tasks that neither of them holds: in τ, and in what it chooses.

Every training is written to FILE (by default runs/transfer.jsonl) as one line; what stands there is
not trained again, and the tables are made of what there is.

Usage: python benchmarks/transfer.py [FILE] [--quick] [--tasks A,B] [--evolved N] [--seeds N]
           [--epochs N] [--table]
"""

import argparse
import itertools
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from evo.campaign.steps import Validate
from evo.components.kinds import kinds
from evo.compute.numerics import sound_numerics
from evo.core.arrays import Floats
from evo.core.records import Candidate, Record
from evo.core.trials import Trial
from evo.evaluation.protocol import Protocol, Rung
from evo.evaluation.statistics.rank_agreement import (
    accuracy_ranks,
    kendall,
    loss_ranks,
    split_half_agreement,
    tau,
)
from evo.evaluation.training.kernels import kernels_for
from evo.evaluation.training.trials import run_trials
from evo.screening.pool import read_pool
from evo.studies.panel import Ranks, mean_rank, read_panel
from evo.validation.graph.graphs import component_of
from evo.validation.sandbox.sandbox import Sandbox
from evo.validation.validator import Validator

TASKS = "digits,digits-cnn,digits-transformer,breast-cancer,harmonics,picture"
DEFAULT = "digits"
MIXTURES = (
    ("digits-cnn",),
    ("digits", "harmonics"),
    ("digits-cnn", "harmonics"),
    ("digits", "digits-cnn"),
    ("digits", "breast-cancer", "harmonics"),
    ("digits", "digits-cnn", "harmonics"),
    ("digits-cnn", "harmonics", "picture"),
)
MEASURES: Mapping[str, Callable[[Sequence[Sequence[Trial]]], Ranks]] = {
    "loss": loss_ranks,
    "accuracy": accuracy_ranks,
}
FEWEST = 4
"""Functions below which a ranking says nothing."""
CHOSEN = 3
"""Functions that a choice takes of one half of them."""
DRAWS = 400

Graphs = tuple[str, ...]
Results = dict[str, dict[str, list[Trial]]]
"""Trials by task and function."""


def panel_functions() -> dict[str, Graphs]:
    """Graphs of the panel's activations, by name."""
    kind, functions = kinds.get("activation")(), read_panel(None).functions
    drafts = [
        Record(Candidate.of("activation", one.source, operator="panel"), 0)
        for one in functions.values()
    ]
    with Sandbox() as sandbox:
        records = Validate(Validator(kind, sandbox))(drafts)
    return {f"panel/{name}": one.graphs for name, one in zip(functions, records, strict=True)}


def evolved_functions(count: int) -> dict[str, Graphs]:
    """Graphs of evolved activations of the pool, evenly from the best margin to the median."""
    ordered: list[Record] = sorted(read_pool(), key=lambda one: -one.scored.margin.value)
    evolved = [one for one in ordered if not one.is_baseline]
    places = np.linspace(0, len(evolved) // 2, count).astype(int)
    return {f"evolved/{evolved[place].id[:8]}": evolved[place].graphs for place in places}


def read_results(file: Path) -> Results:
    """The trainings so far."""
    results: Results = {}
    for line in file.read_text().splitlines() if file.exists() else []:
        entry = json.loads(line)
        trials = [Trial(*trial) for trial in entry["trials"]]
        results.setdefault(entry["task"], {})[entry["function"]] = trials
    return results


def train_missing(
    file: Path, functions: Mapping[str, Graphs], tasks: Sequence[str], protocol: Protocol
) -> None:
    """Train each function on each task where that has not been done, one line per training."""
    done, kind = read_results(file), kinds.get("activation")()
    for name, graphs in functions.items():
        for task in tasks:
            if name in done.get(task, {}):
                continue
            parts = kind.parts(component_of(graphs, instead=[kernels_for("cpu")]))
            trials = run_trials(parts, (task,), protocol, rung=0)
            with file.open("a") as lines:
                lines.write(json.dumps({"task": task, "function": name, "trials": trials}) + "\n")


def print_tables(results: Results, tasks: Iterable[str]) -> None:
    """Print τ between tasks, and of mixtures with tasks outside of them, for both sets."""
    present = [task for task in tasks if task in results]
    for group in ("panel", "evolved"):
        common = set.intersection(*(set(results[task]) for task in present)) if present else set()
        names = sorted(name for name in common if name.startswith(group))
        if len(names) < FEWEST:
            print(f"{group}: {len(names)} functions on all tasks, too few")
            continue
        print(f"\n{group}: {len(names)} functions on {', '.join(present)}")
        trials = {task: [results[task][name] for name in names] for task in present}
        for measure, ranks_of in MEASURES.items():
            for task in present:
                halves = split_half_agreement(trials[task], ranks_of)
                print(measure, "| halves of", task, "| τ", halves and f"{halves:+.2f}")
            for one, other, agreed in agreements({t: ranks_of(trials[t]) for t in present}):
                print(measure, "|", one, "~", other, "|", agreed)


def print_gains(results: Results, tasks: Sequence[str]) -> None:
    """Print what each mixture gains on digits alone, over the tasks that neither of them holds."""
    present = [task for task in tasks if task in results]
    common = sorted(set.intersection(*(set(results[task]) for task in present)))
    groups = [[n for n in common if n.startswith(group)] for group in ("panel", "evolved")]
    if DEFAULT not in present or min(map(len, groups)) < FEWEST:
        return
    tables = [
        {task: np.asarray(ranks_of([results[task][name] for name in names])) for task in present}
        for names in groups
        for ranks_of in MEASURES.values()
    ]
    print("\ngain on digits alone, over tasks that neither holds")
    for mixture in MIXTURES:
        outside = [task for task in present if task not in {*mixture, DEFAULT}]
        if not set(mixture) <= set(present) or not outside:
            continue
        generator = np.random.default_rng(0)
        whole = gains(tables, mixture, outside, None)
        drawn = [gains(tables, mixture, outside, generator) for _ in range(DRAWS)]
        low, high = np.percentile(np.mean(drawn, 1), [2.5, 97.5])
        by_task = ", ".join(f"{t} {g:+.2f}" for t, g in zip(outside, whole, strict=True))
        chosen = choice_gains(tables[-2], mixture, outside, generator)
        print(
            f"{' + '.join(mixture)} | τ {np.mean(whole):+.2f} [{low:+.2f}, {high:+.2f}] ({by_task})"
            f" | percentile of the {CHOSEN} chosen {100 * chosen:+.0f}"
        )


def gains(
    tables: Sequence[Mapping[str, Floats]],
    mixture: Sequence[str],
    outside: Sequence[str],
    generator: np.random.Generator | None,
) -> list[float]:
    """By task outside: τ of the mixture less τ of digits, mean over groups and measures.

    Args:
        tables: ranks (functions,) by task, of each group and measure.
        mixture: tasks whose mean rank is compared.
        outside: tasks that it is compared on.
        generator: draws functions with replacement; None takes each once.
    """
    gained: list[list[float]] = []
    for table in tables:
        count = len(table[DEFAULT])
        rows = np.arange(count) if generator is None else generator.integers(0, count, count)
        ranks = {task: rankdata(values[rows]) for task, values in table.items()}
        mixed = np.mean([ranks[task] for task in mixture], 0)
        gained.append(
            [tau(mixed, ranks[task]) - tau(ranks[DEFAULT], ranks[task]) for task in outside]
        )
    return np.mean(gained, 0).tolist()


def choice_gains(
    table: Mapping[str, Floats],
    mixture: Sequence[str],
    outside: Sequence[str],
    generator: np.random.Generator,
) -> float:
    """Mean percentile, on tasks outside, of what the mixture chooses less that of digits' choice.

    Each chooses a few of the same random half of the functions.
    """
    count = len(table[DEFAULT])
    percentiles = np.mean([(rankdata(-table[task]) - 1) / (count - 1) for task in outside], 0)

    def choice(tasks: Sequence[str], half: NDArray[np.intp]) -> float:
        mixed = np.mean([rankdata(table[task][half]) for task in tasks], 0)
        return float(percentiles[half[np.argsort(mixed)[:CHOSEN]]].mean())

    halves = [generator.permutation(count)[: count // 2] for _ in range(DRAWS)]
    return float(np.mean([choice(mixture, half) - choice([DEFAULT], half) for half in halves]))


def agreements(ranks: Mapping[str, Ranks]) -> Iterator[tuple[str, str, str]]:
    """τ of every two tasks, and of each mixture with each task outside of it."""
    for one, other in itertools.combinations(ranks, 2):
        yield one, other, words(ranks[one], ranks[other])
    for mixture in MIXTURES:
        if set(mixture) <= set(ranks):
            mixed = mean_rank({task: ranks[task] for task in mixture})
            for other in sorted(set(ranks) - set(mixture)):
                yield f"mixture {' + '.join(mixture)}", other, words(mixed, ranks[other])


def words(one: Ranks, other: Ranks) -> str:
    """Kendall's τ of two rankings with its interval."""
    tau = kendall(one, other)
    return f"τ {tau.value:+.2f} [{tau.low:+.2f}, {tau.high:+.2f}]"


def main(options: argparse.Namespace) -> None:
    """Train what is missing, and print the tables."""
    tasks = options.tasks.split(",")
    if not options.table:
        protocol = Protocol(
            rungs=(Rung(epochs=options.epochs, seeds=options.seeds),),
            rate_seeds=options.seeds,
            leaders=0,
        )
        panel, evolved = panel_functions(), evolved_functions(options.evolved)
        if options.quick:
            panel = dict(itertools.islice(panel.items(), FEWEST))
        # In turns, so that tables can be made of both at any time.
        turns = itertools.zip_longest(panel.items(), evolved.items())
        mixed = dict(pair for turn in turns for pair in turn if pair is not None)
        options.file.parent.mkdir(parents=True, exist_ok=True)
        with sound_numerics():
            train_missing(options.file, mixed, tasks, protocol)
    print_tables(read_results(options.file), tasks)
    print_gains(read_results(options.file), tasks)


def read_options() -> argparse.Namespace:
    """The options of the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file", type=Path, nargs="?", default=Path("runs/transfer.jsonl"))
    parser.add_argument("--quick", action="store_true", help="only show that it runs, in seconds")
    parser.add_argument("--tasks", default=None, help="names, separated by commas")
    parser.add_argument("--evolved", type=int, default=None, metavar="N")
    parser.add_argument("--seeds", type=int, default=None, metavar="N")
    parser.add_argument("--epochs", type=int, default=None, metavar="N")
    parser.add_argument("--table", action="store_true", help="train nothing")
    options = parser.parse_args()
    full = {"tasks": TASKS, "evolved": 28, "seeds": 4, "epochs": 10}
    quick = {"tasks": "breast-cancer,harmonics", "evolved": FEWEST, "seeds": 2, "epochs": 1}
    for name, value in (quick if options.quick else full).items():
        if getattr(options, name) is None:
            setattr(options, name, value)
    return options


if __name__ == "__main__":
    main(read_options())
