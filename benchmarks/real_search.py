"""Claim: evolution finds better components than its rivals, at equal real trainings.

Runs whole campaigns of several search strategies (`evo list`) with several seeds, then trains the
best candidate of each on fresh seeds at the last rung of the default protocol, and those that led
after a third and two thirds of the generations besides. Strategies are compared with the first one,
paired by seed: mean difference with Student's 95 % interval, and p by sign flips with Holm's
correction over the others.

Hours of two processors: every campaign stays in FOLDER (by default runs/real-search) and is resumed
where it was cut off, results are written line by line to campaigns.jsonl and fresh.jsonl, and the
table is made of what there is. The same on the surrogate, in minutes: `evo bench search`.

Usage: python benchmarks/real_search.py [FOLDER] [--quick] [--strategies A,B] [--seeds N]
           [--generations N] [--kind KIND] [--set KEY=VALUE]
"""

import argparse
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import evo
from archive.novelty.novelty_archive import mean_distance
from archive.pareto import hypervolume
from evo.api.judging import evaluate_records
from evo.campaign.config import Config, load
from evo.campaign.create import with_grids
from evo.core.performance import LEAST_B_WR, has_merit
from evo.core.records import Record
from evo.core.worth import leaders_by_worth
from evo.evaluation.protocol import Rung
from evo.evaluation.statistics.mean import student_mean
from evo.evaluation.statistics.paired_test import holm, sign_flip_p
from evo.evaluation.statistics.trial_values import margins

STRATEGIES = "evolution,nsga2,random,best-of-n,hill"
FRESH_SEED, FRESH_SEEDS = 2_000_000, 48
"""So many that the difference of two components has a standard error of about 0.015."""
BATCH = 12
"""Components that train on the fresh seeds together, each time with the baselines."""
QUARTERS, THIRDS = 4, 3
LEADERS = 10
"""The best candidates whose diversity is measured."""
QUICK = (
    *("generations=2", "population=4", "offspring=6", "trainings=3"),
    "protocol.rungs=[{epochs = 1, seeds = 2, networks = 1}, {epochs = 1, seeds = 2}]",
    "protocol.learning_rates=[0.01]",
)


def run_campaign(strategy: str, seed: int, options: argparse.Namespace) -> dict[str, Any]:
    """Run a campaign, or resume it where it was cut off, and say what it found."""
    settings = [f"kind={options.kind}", f"generations={options.generations}"]
    settings += ["novelty.text_model=none", *options.set, *(QUICK if options.quick else ())]
    folder = options.folder / f"{strategy}-{seed}"
    campaign = run_or_resume(folder, lambda: load("demo", settings, strategy=strategy, seed=seed))
    return {"strategy": strategy, "seed": seed, **figures(campaign)}


def run_or_resume(folder: Path, configure: Callable[[], Config]) -> evo.Campaign:
    """The campaign of a folder at its end: begun there, or resumed where it was cut off."""
    if (folder / "campaign.json").exists():
        return evo.resume(folder, progress=False)
    return evo.run(configure(), folder=folder.parent, name=folder.name, progress=False)


def figures(campaign: evo.Campaign) -> dict[str, Any]:
    """The findings of one campaign, by its own trials."""
    trials = {record.id: record.scored.trials for record in campaign.baselines}
    trained = [r for r in campaign.records if r.is_proposal and r.score is not None]
    # All candidates have the first rung in common, so means over all of them compare.
    first = [[t for t in record.scored.trials if t.rung == 0] for record in trained]
    means = np.array([float(margins(of_candidate, trials).mean()) for of_candidate in first])
    ranked = leaders_by_worth(trained)
    last = max(record.generation for record in trained)
    ends = [round(last * part / THIRDS) for part in range(1, THIRDS + 1)]
    points = [[r.scored.b_wr.value, r.archived.behaviour] for r in ranked if has_merit(r)]
    return {
        "trained": len(trained),
        "quarters": [float(part.mean()) for part in np.array_split(means, QUARTERS)],
        "seen": ranked[0].scored.margin.value,
        "leaders": [_leader(trained, end) for end in ends],
        "generation": ranked[0].generation,
        "hypervolume": hypervolume(points, [LEAST_B_WR, 0.0]) if points else 0.0,
        "diversity": mean_distance([record.behaviour_vector for record in ranked[:LEADERS]]),
        "seconds": sum(record.seconds for record in trained),
    }


def _leader(trained: Sequence[Record], generation: int) -> str:
    """Source of the best candidate after a generation, by worth."""
    return leaders_by_worth([r for r in trained if r.generation <= generation])[0].candidate.source


def fresh_margins(sources: Sequence[str], options: argparse.Namespace) -> list[float]:
    """The margin of each source on seeds that no campaign used, at the last rung."""
    config = fresh_config(options)
    records = evaluate_records([("", source) for source in sources], config)
    return [record.scored.margin.value for record in records]


def fresh_config(options: argparse.Namespace) -> Config:
    """The campaigns' configuration with one rung, their last, on other seeds.

    Learning rates and strengths of penalties are the kind's, as a campaign has them.
    """
    settings = [f"kind={options.kind}", *options.set, *(QUICK if options.quick else ())]
    config = with_grids(load("demo", settings))
    last = config.protocol.rungs[-1]
    rung = Rung(epochs=last.epochs, seeds=2 if options.quick else FRESH_SEEDS)
    update = {"rungs": (rung,), "first_seed": FRESH_SEED}
    return config.model_copy(update={"protocol": config.protocol.model_copy(update=update)})


def measured_again(sources: Iterable[str], options: argparse.Namespace) -> dict[str, float]:
    """Margins on fresh seeds by source; those that are not in fresh.jsonl are measured first."""
    file = options.folder / "fresh.jsonl"
    fresh = {row["source"]: row["margin"] for row in read_lines(file)}
    missing = [source for source in dict.fromkeys(sources) if source not in fresh]
    for batch in (missing[start : start + BATCH] for start in range(0, len(missing), BATCH)):
        for source, margin in zip(batch, fresh_margins(batch, options), strict=True):
            fresh[source] = margin
            write_line(file, {"source": source, "margin": margin})
    return fresh


def report(
    results: Sequence[dict[str, Any]], fresh: Mapping[str, float], strategies: Sequence[str]
) -> None:
    """Print one row per strategy, and differences from the first one."""
    by_name: dict[str, dict[int, dict[str, Any]]] = {name: {} for name in strategies}
    for row in results:
        by_name[row["strategy"]][row["seed"]] = {**row, "fresh": fresh[row["leaders"][-1]]}
    print(
        "strategy: fresh margin of the best after each third of the generations, seen, mean margin "
        "at the first rung by quarter, last − first, hypervolume, diversity"
    )
    for name, rows in by_name.items():
        if len(rows) < 2:
            continue
        quarters = np.array([row["quarters"] for row in rows.values()])
        leaders = np.array([[fresh[leader] for leader in row["leaders"]] for row in rows.values()])
        thirds = " ".join(f"{leaders[:, third].mean():+.3f}" for third in range(THIRDS))
        print(
            f"{name} ({len(rows)} seeds): fresh {thirds}, "
            f"the last {_mean(rows, 'fresh')}, "
            f"seen {_mean(rows, 'seen')}, "
            f"quarters {' '.join(f'{q:+.2f}' for q in quarters.mean(axis=0))}, "
            f"climb {_shown(quarters[:, -1] - quarters[:, 0])}, "
            f"hypervolume {_mean(rows, 'hypervolume')}, diversity {_mean(rows, 'diversity')}"
        )
    reference, *others = strategies
    paired = {
        name: np.array(
            [by_name[reference][seed]["fresh"] - row["fresh"] for seed, row in by_name[name].items()
             if seed in by_name[reference]]
        )
        for name in others
    }  # fmt: skip
    paired = {name: differences for name, differences in paired.items() if len(differences) > 1}
    p_values = [sign_flip_p(differences) for differences in paired.values()]
    for (name, differences), p in zip(paired.items(), holm(p_values), strict=True):
        print(f"{reference} − {name}: fresh {_shown(differences)}, p {p:.3f} by Holm")


def _mean(rows: dict[int, dict[str, Any]], key: str) -> str:
    return _shown(np.array([row[key] for row in rows.values()]))


def _shown(values: np.ndarray) -> str:
    mean = student_mean(values)
    return f"{mean.value:+.3f} [{mean.low:+.3f}, {mean.high:+.3f}]"


def parse(words: Sequence[str] | None = None) -> argparse.Namespace:
    """The options, by default those of the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, nargs="?", default=Path("runs/real-search"))
    parser.add_argument("--quick", action="store_true", help="only show that it runs, in seconds")
    parser.add_argument("--strategies", type=lambda text: text.split(","), default=STRATEGIES)
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--generations", type=int, default=9, help="of 24 trainings each")
    parser.add_argument("--kind", default="activation")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    options = parser.parse_args(words)
    if options.quick:
        options.seeds, options.strategies = min(options.seeds, 2), options.strategies[:2]
    return options


def main() -> None:
    """Run what is missing, then print the comparison."""
    options = parse()
    options.folder.mkdir(parents=True, exist_ok=True)
    results = read_lines(options.folder / "campaigns.jsonl")
    known = {(row["strategy"], row["seed"]) for row in results}
    for seed in range(options.seeds):
        for strategy in options.strategies:
            if (strategy, seed) not in known:
                results.append(run_campaign(strategy, seed, options))
                write_line(options.folder / "campaigns.jsonl", results[-1])
    results = [row for row in results if row["strategy"] in options.strategies]
    fresh = measured_again((source for row in results for source in row["leaders"]), options)
    report(results, fresh, options.strategies)


def read_lines(file: Path) -> list[dict[str, Any]]:
    """The rows of a file of JSON lines; none where there is no file."""
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def write_line(file: Path, row: dict[str, Any]) -> None:
    """Add a row to a file of JSON lines."""
    with file.open("a") as lines:
        lines.write(json.dumps(row) + "\n")


if __name__ == "__main__":
    main()
