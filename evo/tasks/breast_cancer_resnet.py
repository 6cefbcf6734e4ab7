"""Breast cancer of scikit-learn, seen by a residual perceptron."""

from functools import partial

from evo.networks.base import Network
from evo.networks.models import MlpResNet
from evo.networks.modules import ModuleNetwork
from evo.tasks.base import tasks
from evo.tasks.breast_cancer import BreastCancer


@tasks.register("breast-cancer-resnet")
class BreastCancerResNet(BreastCancer):
    """The data and split of breast-cancer; a residual perceptron for tables."""

    def networks(self) -> dict[str, Network]:
        """Two blocks of width 32."""
        return {"mlp-resnet-32": ModuleNetwork(partial(MlpResNet, 30, outputs=2))}
