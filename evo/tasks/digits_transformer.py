"""Handwritten digits of scikit-learn, seen by a transformer."""

from evo.networks.base import Network
from evo.networks.transformer import Transformer
from evo.tasks.base import tasks
from evo.tasks.digits import Digits


@tasks.register("digits-transformer")
class DigitsTransformer(Digits):
    """The data and split of digits; a transformer on 4×4 patches."""

    def networks(self) -> dict[str, Network]:
        """One block. Of 2×2 patches, or rows, ten epochs cost up to 3.5 times and reach less."""
        return {"transformer-32": Transformer(32, blocks=1, patch=(4, 4))}
