"""Claim: the surrogate of `evo bench search` ranks candidates of searches that it has not seen.

Leaves out one campaign or collection of candidates at a time, fits the landscape to the others and
predicts those left out. Prints the rank correlation with what was measured, the error, and the bias
among the tenth predicted best, where a search would gather.

Usage: python benchmarks/bench_surrogate.py [--quick] [--origins N] [--examples N]
"""

import numpy as np
from scipy.stats import kendalltau
from sizes import Size, read_sizes

from evo.core.arrays import Floats
from evo.studies.tabular.surrogate.examples import POOL, Examples
from evo.studies.tabular.surrogate.landscape import MarginModel
from evo.studies.tabular.surrogate.regression import Kernel

WORST = -0.6
"""Errors below this margin do not count: no search keeps such candidates."""


def describe(name: str, predicted: Floats, measured: Floats) -> str:
    """One line of figures."""
    errors = (predicted - measured)[measured > WORST]
    top = predicted >= np.quantile(predicted, 0.9)
    bias = float((predicted - measured)[top].mean())
    return (
        f"{name:14} {len(measured):5} candidates  tau {kendalltau(predicted, measured)[0]:.2f}  "
        f"error {np.sqrt(np.mean(errors**2)):.3f}  bias of the top tenth {bias:+.3f}"
    )


def main() -> None:
    """Leave out each origin in turn."""
    sizes = read_sizes(
        __doc__,
        origins=Size(99, 1, "campaigns and collections to leave out"),
        examples=Size(10_000, 300, "candidates that the landscape is fitted to, at most"),
    )
    examples = Examples.load()
    origins = np.array(examples.origins)
    names = [name for name in dict.fromkeys(examples.origins) if not name.startswith(POOL)]
    predicted = np.full(len(origins), np.nan)
    for name in names[: sizes["origins"]]:
        held = origins == name
        others = np.flatnonzero(~held)[: sizes["examples"]]
        model = MarginModel.fit(examples.of(others), Kernel.load())
        predicted[held] = model.predict(examples.features[held]).mean(axis=1)
        print(describe(name, predicted[held], examples.margins[held]), flush=True)
    done = ~np.isnan(predicted)
    print(describe("held out", predicted[done], examples.margins[done]))


if __name__ == "__main__":
    main()
