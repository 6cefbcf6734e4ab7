"""Claim: operators that refine get more offspring ahead of their parents than mutation does.

Searches on the surrogate of the default task, takes the best half of what trained in full as
parents, the better the more often, and lets every writing operator make offspring of them, with all
that the search evaluated as the past. Prints, per operator and over all searches: the share of
offspring ahead of their first parent, by noise-free margins; the mean gain over it and over the
best parent, where losses count as 0; how many the walls refuse; and the time an offspring takes.

Usage: python benchmarks/bench_operators.py [--quick] [--searches N] [--evaluations N]
    [--offspring N] [--brood N]
"""

import time
from collections.abc import Sequence

import numpy as np
from sizes import Size, read_sizes

from evo.campaign.config import load
from evo.campaign.steps import Validate
from evo.components.kinds import kinds
from evo.core.contract import Contract
from evo.core.records import Generation, Record, Status
from evo.core.seeds import child
from evo.proposing.memory import Memory
from evo.studies.tabular.surrogate.in_process import InProcess
from evo.studies.tabular.surrogate.landscape import Landscape
from evo.studies.tabular.surrogate.searching import search_landscape
from evo.validation.validator import Validator
from operators.base import WritingOperator, operators
from operators.past import Past
from operators.portfolio import write_offspring

NAMES = (
    *(
        "mutate-tree",
        "crossover-tree",
        "blend-tree",
        "tune-tree",
        "affine-tree",
        "simplify-tree",
        "sample-tree",
    ),
)


def best_half(records: Sequence[Record]) -> list[Record]:
    """The best of what trained in full, by margin as seen."""
    last = max(record.scored.rung for record in records)
    full = [record for record in records if record.scored.rung == last]
    full.sort(key=lambda record: (-record.scored.margin.value, record.id))
    return full[: max(2, len(full) // 2)]


def offspring_of(
    operator: WritingOperator,
    parents: Sequence[Record],
    contract: Contract,
    past: Past,
    *,
    seed: int,
    count: int,
) -> list[Record]:
    """Proposals from parents that are drawn by linear rank."""
    weights = np.arange(len(parents), 0, -1) / (len(parents) * (len(parents) + 1) / 2)
    made: list[Record] = []
    for place in range(count):
        rng = child(seed, operator.name, place)
        order = rng.choice(len(parents), len(parents), replace=False, p=weights)
        candidate = write_offspring(
            operator,
            lambda arity, order=order: [parents[int(index)] for index in order[:arity]],
            contract,
            rng,
            past,
        )
        made.append(Record(candidate, 1))
    return made


def main() -> None:
    """Search, propose, and print what each operator's offspring are worth."""
    sizes = read_sizes(
        __doc__,
        searches=Size(2, 1, "searches on the surrogate"),
        evaluations=Size(300, 24, "evaluations per search"),
        offspring=Size(100, 2, "offspring per operator and search"),
        brood=Size(40, 8, "offspring per generation of a search"),
    )
    landscape, kind = Landscape.shared(), kinds.get("activation")()
    validate = Validate(Validator(kind, InProcess()))
    gains: dict[str, list[tuple[float, float]]] = {name: [] for name in NAMES}
    refused, seconds = dict.fromkeys(NAMES, 0), dict.fromkeys(NAMES, 0.0)
    for seed in range(sizes["searches"]):
        config = load(
            "default", ["device=cpu", f"seed={seed}", "trainings=24", f"offspring={sizes['brood']}"]
        )
        records = search_landscape(config, landscape, evaluations=sizes["evaluations"])
        scored = [record for record in records if record.score is not None]
        memory = Memory(config.portfolio.window)
        memory.take(Generation(0, scored, []))
        parents = best_half(scored)
        worth = {record.id: landscape.margin(record.graphs) for record in parents}
        for name in NAMES:
            operator = operators.get(name)()
            assert isinstance(operator, WritingOperator)
            start = time.process_time()
            made = offspring_of(
                operator,
                parents,
                kind.contract,
                memory.after(0).past,
                seed=seed,
                count=sizes["offspring"],
            )
            seconds[name] += time.process_time() - start
            for record in validate(made):
                if record.status is not Status.PROPOSED:
                    refused[name] += 1
                    continue
                margin = landscape.margin(record.graphs)
                first = next(iter(record.candidate.parents), parents[-1].id)
                gains[name].append((margin - worth[first], margin - max(worth.values())))
    total = sizes["searches"] * sizes["offspring"]
    print("operator         ahead of parent  gain      gain over best  refused  ms per offspring")
    for name in NAMES:
        over_parent, over_best = np.array(gains[name]).reshape(-1, 2).T
        print(
            f"{name:16} {np.mean(over_parent > 0):15.2f}  {np.mean(np.maximum(over_parent, 0)):.4f}"
            f"    {np.mean(np.maximum(over_best, 0)):14.5f}  {refused[name]:7d}"
            f"  {1e3 * seconds[name] / total:16.1f}"
        )


if __name__ == "__main__":
    main()
