"""Handwritten digits of scikit-learn, seen by a vision transformer and by a residual network."""

from functools import partial

from evo.networks.base import Network
from evo.networks.models import ResNet, Vit
from evo.networks.modules import ModuleNetwork
from evo.tasks.base import tasks
from evo.tasks.digits import Digits


@tasks.register("digits-vit")
class DigitsVit(Digits):
    """The data and split of digits; a vision transformer on 4×4 patches."""

    def networks(self) -> dict[str, Network]:
        """Two blocks of width 32."""
        return {"vit-32": ModuleNetwork(partial(Vit, 1, 8, patch=4, outputs=10))}


@tasks.register("digits-resnet")
class DigitsResNet(Digits):
    """The data and split of digits; a residual network of convolutions."""

    def networks(self) -> dict[str, Network]:
        """Two blocks of 8 and 16 channels, with group norms."""
        return {"resnet-8-16": ModuleNetwork(partial(ResNet, 1, 8, outputs=10))}
