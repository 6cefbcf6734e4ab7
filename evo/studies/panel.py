"""A panel: components with known results of full training, which judge the evaluator.

A JSON file: `{"about": …, "kind": …, "halves": {"loss": …, "accuracy": …}, "functions": {name:
{"source": …, "truth": {network: {"loss": …, "accuracy": …, "learning_rate": …}}}}}`. Every function
has the same networks; all but `functions` may be absent.
"""

from importlib import resources
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError, model_validator
from scipy.stats import rankdata

from evo.core.errors import UsageError
from evo.core.frozen import Frozen
from evo.evaluation.statistics.rank_agreement import Ranks, mean_rank

Measure = Literal["loss", "accuracy"]


class Truth(Frozen):
    """Result of full training on one network: mean test loss and accuracy over seeds.

    A null loss means that training diverged.
    """

    loss: float | None
    accuracy: Annotated[float, Field(ge=0, le=1)]
    learning_rate: float


class PanelComponent(Frozen):
    """A component and its results of full training, by network."""

    source: str
    truth: Annotated[dict[str, Truth], Field(min_length=1)]


class Panel(Frozen):
    """Components with known results, all on the same networks.

    Attributes:
        about: description of the training, for people.
        kind: component kind.
        functions: by name.
        halves: agreement of one half of the seeds with the other, see `split_half_agreement`.
            It shows the noise of the known results; all seeds together have less.
    """

    about: str = ""
    kind: str = "activation"
    halves: dict[Measure, float] = Field(default_factory=dict)
    functions: Annotated[dict[str, PanelComponent], Field(min_length=3)]

    @model_validator(mode="after")
    def _same_networks(self) -> "Panel":
        networks = {name: sorted(component.truth) for name, component in self.functions.items()}
        first, *others = networks
        for other in others:
            if networks[other] != networks[first]:
                raise ValueError(
                    f"expected the networks of {first!r}, {networks[first]}, for every function; "
                    f"{other!r} has {networks[other]}"
                )
        return self

    @property
    def networks(self) -> list[str]:
        """Names of the networks whose full training is known."""
        return list(next(iter(self.functions.values())).truth)

    def ranks(self, measure: Measure) -> dict[str, Ranks]:
        """Ranks of the functions by network, 1 the best, and "combined": the mean rank."""
        by_network = {
            network: rankdata(
                [_badness(f.truth[network], measure) for f in self.functions.values()]
            )
            for network in self.networks
        }
        return by_network | {"combined": mean_rank(by_network)}


def read_panel(path: Path | None, kind: str = "activation") -> Panel:
    """Read a panel from a file, or the one that evo ships for a kind.

    Raises:
        UsageError: the file cannot be read or is no panel; the message says where.
    """
    source = path or resources.files("evo.data.panels") / f"{kind}.json"
    try:
        return Panel.model_validate_json(source.read_text())
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"Panel {source}: cannot be read ({error}).") from None
    except ValidationError as error:
        detail = error.errors()[0]
        where = ".".join(str(part) for part in detail["loc"]) or "the file"
        raise UsageError(f"Panel {source}: {where}: {detail['msg']}.") from None


def write_panel(panel: Panel, path: Path) -> None:
    """Write a panel to a file that `read_panel` reads.

    Raises:
        UsageError: the file cannot be written.
    """
    try:
        path.write_text(panel.model_dump_json(indent=1) + "\n")
    except OSError as error:
        raise UsageError(f"Panel {path}: cannot be written ({error}).") from None


def _badness(truth: Truth, measure: Measure) -> float:
    if measure == "accuracy":
        return -truth.accuracy
    return float("inf") if truth.loss is None else truth.loss
