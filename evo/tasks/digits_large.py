"""Handwritten digits of scikit-learn on larger networks, for full training and some kinds."""

from evo.networks.base import Network
from evo.networks.cnn import Cnn
from evo.networks.mlp import Mlp
from evo.tasks.base import tasks
from evo.tasks.digits import Digits


@tasks.register("digits-large")
class DigitsLarge(Digits):
    """The data and split of digits; networks larger than those of digits."""

    def networks(self) -> dict[str, Network]:
        """A wide perceptron and a convolutional network: what fidelity panels are made with."""
        return {"mlp-128-128": Mlp((128, 128), "normal"), "cnn-8-16": Cnn((8, 16), "normal")}
