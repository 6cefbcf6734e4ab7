"""Which descriptor tells duplicates: what a component computes, or how its source reads.

32 activation functions in four equivalent spellings each (renamed, reordered, algebraically
rewritten, commented: `tests/golden/spellings.toml`) go through the walls and are described as in a
campaign. A row a descriptor and threshold: how many of the pairs that compute the same lie within
it, how many that do not, whether the nearest neighbour computes the same, and the area under the
curve (1: all equal pairs are nearer than all different ones; 0.5: no better than chance). Behaviour
has the threshold of a campaign; text has its best one (F1), and the largest one without an error.

Usage: python benchmarks/bench_descriptors.py
"""

import numpy as np
import torch
from spellings import Pairs, Told, recognised, spellings

from archive.novelty.descriptors import TextDescriptor
from archive.novelty.novelty_archive import cosine_distance, rms_distance
from archive.novelty.settings import DUPLICATE_WITHIN
from evo.components.kinds import kinds
from evo.validation.sandbox.sandbox import Sandbox
from evo.validation.validator import Validator


def main() -> None:
    """The table, and which different functions come nearest to each other."""
    torch.set_num_threads(1)
    known = spellings()
    functions = [spelling.function for spelling in known]
    sources = [spelling.source for spelling in known]
    kind = kinds.get("activation")()
    with Sandbox() as sandbox:
        records = recognised(kind, Validator(kind, sandbox), sources)
    behaviour = Pairs(
        np.stack([record.behaviour_vector for record in records]), functions, rms_distance
    )
    text = Pairs(TextDescriptor()(sources), functions, cosine_distance)
    print("| descriptor | threshold | equal pairs found | different ones taken for equal | nearest "
          "is the same | area |")  # fmt: skip
    print("|---|---|---|---|---|---|")
    row("behaviour, as in a campaign", behaviour, behaviour.told(DUPLICATE_WITHIN))
    row("text, best threshold", text, text.best())
    row("text, none wrong", text, text.without_error())
    print(
        f"\nbehaviour: spellings of one function are up to {behaviour.farthest_equal():.2g} apart;"
    )
    for place, (pair, distance) in enumerate(behaviour.closest().items()):
        if place < 4 or set(pair) in ({"mish", "silu"}, {"gelu", "relu"}):
            print(f"{' and '.join(pair)} {distance:.3f}")


def row(name: str, pairs: Pairs, told: Told) -> None:
    """A line of the table."""
    found = f"{told.found} of {told.equal} ({told.found / told.equal:.0%})"
    wrong = f"{told.wrong:,} of {told.different:,}"
    cells = (name, f"{told.threshold:.2g}", found, wrong, f"{pairs.nearest():.0%}")
    print(f"| {' | '.join(cells)} | {pairs.area():.2f} |")


if __name__ == "__main__":
    main()
