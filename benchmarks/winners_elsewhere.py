"""Claim: a preset's winners hold on tasks that no search saw, more often than another preset's.

Runs campaigns of each preset with several seeds and as many trainings, and trains the best of each
on further tasks, on seeds that no search used. A winner holds on a task where its loss is below
that of the task's strongest baseline: log(baseline's loss / own loss), mean over seeds and
networks, above 0. It is confirmed there by the test of `evo confirm`, on the task alone, corrected
for the winners of its campaign. Prints a row per preset and task, how many are confirmed on at
least two of them, and the differences from the first preset, paired by seed.

Campaigns stay in FOLDER (by default runs/winners-elsewhere) and are resumed where they were cut
off; trainings are written to trials.jsonl, one per line, and go on likewise.

Usage: python benchmarks/winners_elsewhere.py [FOLDER] [--quick] [--presets A,B] [--seeds N]
           [--generations N] [--tasks A,B] [--epochs N] [--fresh-seeds N] [--set KEY=VALUE]

`--epochs 30` trains as `evo confirm` does.
"""

import argparse
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from real_search import QUICK, run_or_resume
from transfer import Graphs, Results, read_results, train_missing

import evo
from evo.campaign.config import load
from evo.core.arrays import Floats
from evo.core.worth import leaders_by_worth
from evo.evaluation.protocol import Protocol, Rung
from evo.evaluation.statistics.mean import student_mean
from evo.evaluation.statistics.paired_test import Confirmation, Verdict, confirm_candidates

PRESETS = "demo,general"
TASKS = "digits-transformer,breast-cancer,picture"
"""Tasks that neither preset searches."""
LIKE_DEMO = ("population=8", "offspring=40", "trainings=24")
BEST = 3
"""Winners of a campaign: its best by worth."""
FEWEST = 2
"""Unseen tasks on which a winner is to be confirmed."""
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


def verdicts_on(results: Results, task: str, names: Sequence[str]) -> dict[str, Confirmation]:
    """The verdicts of `evo confirm` on a campaign's winners by this task alone."""
    trained = results[task]
    baselines = {n: trials for n, trials in trained.items() if n.startswith("baseline/")}
    return confirm_candidates({name: trained[name] for name in names}, baselines)


def report(results: Results, winners: Mapping[str, Winners], tasks: Sequence[str]) -> None:
    """Print how the winners of each preset do on each task, and the presets' differences."""
    means: dict[str, Floats] = {}
    for preset, campaigns in winners.items():
        number = sum(map(len, campaigns))
        by_campaign = np.zeros(len(campaigns))
        confirmed: Counter[str] = Counter()
        for task in tasks:
            verdicts = [verdicts_on(results, task, names) for names in campaigns]
            ratios = [[v.overall.log_ratio.value for v in one.values()] for one in verdicts]
            passed = [
                n for one in verdicts for n, v in one.items() if v.verdict == Verdict.CONFIRMED
            ]
            confirmed.update(passed)
            every = np.concatenate(ratios)
            print(
                f"{preset} | {task} | holds {np.mean(every > 0):.0%}, confirmed {len(passed)} of "
                f"{number} | log-ratio {np.mean(every):+.3f}"
            )
            by_campaign += [np.mean(row) / len(tasks) for row in ratios]
        twice = sum(count >= FEWEST for count in confirmed.values())
        print(f"{preset} | confirmed on at least {FEWEST} of the tasks: {twice} of {number}")
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
            best = {f"{preset}-{seed}/{n}": g for n, g in enumerate(best_graphs(campaign))}
            functions |= best
            campaigns.append([*best])
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
