"""Claim: a quarter of the trainings finds three quarters of the best, if a reward model chooses.

On a pool of activations that all trained in full: models learn from some hundred of them and rank
the others, over random splits. Prints what share of the top 5 % by B-WR and by BSOTA-WR the first
quarter of each ranking holds, the area under the curve, rank correlation and seconds, each a mean
over splits with the 95 % interval of that mean; splits share candidates, so it is a little narrow.

With SEEN, examples come from so many first rows of the pool, and all later rows are ranked: what
was chosen with the former in view is then tried on candidates that nobody had seen.

Usage: python benchmarks/bench_reward.py [SPLITS [TAUGHT [SEEN [POOL]]]]
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from reward_rivals import Blocks, ensemble, process, trees
from scipy.stats import rankdata

from archive.novelty.descriptors import BehaviourScale, TextDescriptor
from evo.campaign.baselines import behaviour_scale, validated_baselines
from evo.components.kinds import kinds
from evo.core.records import Record
from evo.core.seeds import child
from evo.screening import pool
from evo.screening.efficiency import Efficiency
from evo.screening.features import Features, rows_of
from evo.screening.graph_statistics import graph_statistics
from evo.screening.model import BLOCKS, Example
from evo.screening.propagation import Propagation
from evo.validation.graph.graph import Graph
from evo.validation.sandbox.sandbox import Sandbox
from evo.validation.validator import Validator

Fit = Callable[[Features, Example, Features, Blocks], Example]
ALL: Blocks = ("behaviour", "propagation", "graph", "text")
ROWS: dict[str, tuple[Fit, Blocks]] = {
    "ensemble": (ensemble, BLOCKS),
    "trees": (trees, BLOCKS),
    "Gaussian process": (process, BLOCKS),
    "ensemble, all blocks": (ensemble, ALL),
    "trees, all blocks": (trees, ALL),
    "Gaussian process, all blocks": (process, ALL),
    **{f"ensemble, {block} alone": (ensemble, (block,)) for block in ALL},
}


def features_of(records: list[Record]) -> Features:
    """All four blocks; prints what each costs."""
    kind = kinds.get("activation")()
    with Sandbox() as sandbox:
        scale: BehaviourScale = behaviour_scale(
            kind, validated_baselines(kind, Validator(kind, sandbox))
        )
    graphs = [Graph.parse(record.graph) for record in records]
    signals, text = Propagation(kind, "digits"), TextDescriptor()
    signals(graphs[0])
    text([""])
    blocks: dict[str, Callable[[int], np.ndarray]] = {
        "behaviour": lambda i: scale(kind.behaviour(graphs[i])),
        "propagation": lambda i: signals(graphs[i]),
        "graph": lambda i: graph_statistics(records[i].graph),
        "text": lambda i: text([records[i].candidate.source])[0],
    }
    found: dict[str, np.ndarray] = {}
    for name, block in blocks.items():
        start = time.process_time()
        found[name] = np.stack([block(i) for i in range(len(records))])
        spent = 1000 * (time.process_time() - start) / len(records)
        print(f"{name}: {found[name].shape[1]} numbers, {spent:.1f} ms a candidate", flush=True)
    return found


def measured(
    fit: Fit,
    blocks: Blocks,
    features: Features,
    examples: Example,
    *,
    splits: int,
    taught: int,
    seen: int,
) -> np.ndarray:
    """(splits, 6): found by B-WR and BSOTA-WR at a quarter, area, both correlations, seconds."""
    rows: list[list[float]] = []
    for split in range(splits):
        order = child(split, "bench", "reward").permutation(len(examples.b_wr))
        some = order[order < seen][:taught] if seen else order[:taught]
        others = np.arange(seen, len(order)) if seen else order[taught:]
        start = time.process_time()
        told = fit(
            rows_of(features, some),
            Example(*(values[some] for values in examples)),
            rows_of(features, others),
            blocks,
        )
        seconds = time.process_time() - start
        b_wr, bsota_wr = examples.b_wr[others], examples.bsota_wr[others]
        curve = Efficiency.of(told.b_wr, b_wr)
        rows.append(
            [
                curve.at(0.25),
                Efficiency.of(told.bsota_wr, bsota_wr).at(0.25),
                curve.area,
                rank_correlation(told.b_wr, b_wr),
                rank_correlation(told.bsota_wr, bsota_wr),
                seconds,
            ]
        )
    return np.array(rows)


def rank_correlation(one: np.ndarray, other: np.ndarray) -> float:
    """Spearman's ρ."""
    return float(np.corrcoef(rankdata(one), rankdata(other))[0, 1])


def main() -> None:
    """Print the table."""
    given = sys.argv[1:]
    splits = int(given[0]) if given else 20
    taught = int(given[1]) if len(given) > 1 else 300
    seen = int(given[2]) if len(given) > 2 else 0
    records = pool.read_pool(Path(given[3]) if len(given) > 3 else None)
    torch.set_num_threads(1)
    examples = Example.of([record.score for record in records if record.score is not None])
    features = features_of(records)
    print(f"{len(records)} candidates, {taught} taught, {splits} splits, {seen or 'all'} seen")
    print("| model | B-WR at 25 % | BSOTA-WR at 25 % | area | ρ B-WR | ρ BSOTA-WR | s |")
    print("|---|---|---|---|---|---|---|")
    for name, (fit, blocks) in ROWS.items():
        rows = measured(fit, blocks, features, examples, splits=splits, taught=taught, seen=seen)
        mean, half = rows.mean(axis=0), 1.96 * rows.std(axis=0, ddof=1) / np.sqrt(splits)
        cells = [f"{m:.3f} ± {h:.3f}" for m, h in zip(mean[:5], half[:5], strict=True)]
        print(f"| {name} | {' | '.join(cells)} | {mean[5]:.2f} |", flush=True)


if __name__ == "__main__":
    main()
