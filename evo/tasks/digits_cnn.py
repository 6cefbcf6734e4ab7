"""Handwritten digits of scikit-learn, seen by a convolutional network."""

from evo.networks.base import Network
from evo.networks.cnn import Cnn
from evo.tasks.base import tasks
from evo.tasks.digits import Digits


@tasks.register("digits-cnn")
class DigitsCnn(Digits):
    """The data and split of digits; a convolutional network."""

    def networks(self) -> dict[str, Network]:
        """Two convolutions."""
        return {"cnn-8-16": Cnn((8, 16), "normal")}
