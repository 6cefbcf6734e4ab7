"""Claim: a preset's winners hold on tasks that no search saw, more often than another preset's.

Runs campaigns of each preset with several seeds and as many trainings, and trains the best of each
on further tasks, on seeds that no search used. A winner holds on a task where its loss is below
that of the task's strongest baseline: log(baseline's loss / own loss), mean over seeds and
networks, above 0; surely, where Student's 95 % interval over seeds is. Prints a row per preset and
the differences from the first one, paired by seed.

Campaigns stay in FOLDER (by default runs/winners-elsewhere) and are resumed where they were cut
off; trainings are written to trials.jsonl, one per line, and go on likewise.

Usage: python benchmarks/winners_elsewhere.py [FOLDER] [--quick] [--presets A,B] [--seeds N]
           [--generations N] [--tasks A,B] [--set KEY=VALUE]
"""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from real_search import QUICK, run_or_resume
from transfer import Graphs, Results, read_results, train_missing

import evo
from evo.config import load
from evo.core.arrays import Floats
from evo.core.records import Trial
from evo.evaluation.protocol import Protocol, Rung
from evo.evaluation.statistics.mean import student_mean
from evo.selection.worth import leaders_by_worth

PRESETS = "demo,general"
TASKS = "digits-transformer,breast-cancer,picture"
"""Tasks that neither preset searches."""
LIKE_DEMO = ("population=8", "offspring=40", "trainings=24")
BEST = 3
"""Winners of a campaign: its best by worth."""
FRESH_SEED = 3_000_000

Winners = list[list[str]]
"""The names of the best of each campaign."""


def campaign_of(preset: str, seed: int, options: argparse.Namespace) -> evo.Campaign:
    """Run a campaign, or resume it where it was cut off."""
    settings = [f"generations={options.generations}", *LIKE_DEMO, "novelty.text_model=none"]
    settings += [*options.set, *(QUICK if options.quick else ())]
    folder = options.folder / f"{preset}-{seed}"
    return run_or_resume(folder, lambda: load(preset, settings, seed=seed))


def best_graphs(campaign: evo.Campaign) -> list[Graphs]:
    """The graphs of a campaign's best."""
    trained = [r for r in campaign.records if r.is_proposal and r.score is not None]
    return [record.graphs for record in leaders_by_worth(trained)[:BEST]]


def log_ratios(results: Results, task: str, name: str) -> Floats:
    """The log-ratio of a winner to the task's strongest baseline: (seeds,), mean over networks."""
    baselines = {n: t for n, t in results[task].items() if n.startswith("baseline/")}
    strongest = min(baselines.values(), key=lambda trials: float(np.mean(_log_losses(trials))))
    return (_log_losses(strongest) - _log_losses(results[task][name])).mean(axis=1)


def _log_losses(trials: Sequence[Trial]) -> Floats:
    """The logarithms of losses: (seeds, networks); a lost trial counts as a loss of 20."""
    seeds = sorted({trial.seed for trial in trials})
    rows = [[trial.loss for trial in trials if trial.seed == seed] for seed in seeds]
    return np.log(np.clip(np.array(rows), 1e-12, 20.0))


def report(results: Results, winners: Mapping[str, Winners], tasks: Sequence[str]) -> None:
    """Print how the winners of each preset do on each task, and the presets' differences."""
    means: dict[str, Floats] = {}
    for preset, campaigns in winners.items():
        by_campaign = np.zeros(len(campaigns))
        for task in tasks:
            ratios = [[log_ratios(results, task, name) for name in names] for names in campaigns]
            every = [values for row in ratios for values in row]
            holds = np.mean([values.mean() > 0 for values in every])
            surely = np.mean([student_mean(values).low > 0 for values in every])
            print(
                f"{preset} | {task} | holds {holds:.0%}, surely {surely:.0%} of {len(every)} | "
                f"log-ratio {np.mean([values.mean() for values in every]):+.3f}"
            )
            by_campaign += [np.mean(row) / len(tasks) for row in ratios]
        means[preset] = by_campaign
    first, *others = means
    for other in others:
        gain = student_mean(means[other] - means[first])
        print(
            f"{other} − {first} | log-ratio over all tasks, by seed | "
            f"{gain.value:+.3f} [{gain.low:+.3f}, {gain.high:+.3f}]"
        )


def main(options: argparse.Namespace) -> None:
    """Run what is missing, and print the tables."""
    options.folder.mkdir(parents=True, exist_ok=True)
    functions: dict[str, Graphs] = {}
    winners: dict[str, Winners] = {preset: [] for preset in options.presets.split(",")}
    for seed in range(options.seeds):
        for preset, campaigns in winners.items():
            campaign = campaign_of(preset, seed, options)
            for record in campaign.baselines:
                functions.setdefault(f"baseline/{record.id[:8]}", record.graphs)
            found = {f"{preset}-{seed}/{n}": g for n, g in enumerate(best_graphs(campaign))}
            functions |= found
            campaigns.append([*found])
    protocol = Protocol(
        rungs=(Rung(epochs=options.epochs, seeds=options.fresh_seeds),),
        rate_seeds=options.fresh_seeds,
        first_seed=FRESH_SEED,
        leaders=0,
    )
    file, tasks = options.folder / "trials.jsonl", options.tasks.split(",")
    train_missing(file, functions, tasks, protocol)
    report(read_results(file), winners, tasks)


def read_options() -> argparse.Namespace:
    """The options of the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, nargs="?", default=Path("runs/winners-elsewhere"))
    parser.add_argument("--quick", action="store_true", help="only show that it runs, in seconds")
    parser.add_argument("--presets", default=PRESETS, help="names, separated by commas")
    parser.add_argument("--seeds", type=int, default=None, metavar="N")
    parser.add_argument("--generations", type=int, default=9, metavar="N")
    parser.add_argument("--tasks", default=None, help="unseen tasks, separated by commas")
    parser.add_argument("--epochs", type=int, default=None, metavar="N")
    parser.add_argument("--fresh-seeds", type=int, default=None, metavar="N")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    options = parser.parse_args()
    full = {"tasks": TASKS, "seeds": 3, "epochs": 10, "fresh_seeds": 16}
    quick = {"tasks": "breast-cancer", "seeds": 2, "epochs": 1, "fresh_seeds": 2}
    for name, value in (quick if options.quick else full).items():
        if getattr(options, name) is None:
            setattr(options, name, value)
    return options


if __name__ == "__main__":
    main(read_options())
