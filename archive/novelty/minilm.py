"""all-MiniLM-L6-v2, the default text model, in PyTorch: a BERT encoder of six layers.

It gives what sentence-transformers gives for the same model, bit for bit, which a test compares.
Importing and loading that takes 3.9 seconds of processor time and 400 MiB more per campaign; this
takes 0.05 seconds. Other models are read by sentence-transformers.

Sentence-BERT: https://arxiv.org/abs/1908.10084, BERT: https://arxiv.org/abs/1810.04805
"""

from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import Tensor

from evo.core.records import Vector

MAX_TOKENS = 256
"""Tokens that are read of a text, with the two that mark its beginning and end."""
LAYERS = 6
HEADS = 12
LAYER_NORM_EPS = 1e-12


class MiniLM:
    """Sentence embeddings of one text at a time.

    Args:
        folder: with `model.safetensors` and `tokenizer.json`.
    """

    def __init__(self, folder: Path) -> None:
        self._weights = load_file(folder / "model.safetensors")
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.enable_truncation(MAX_TOKENS)
        self._tokenizer.no_padding()

    @torch.inference_mode()
    def __call__(self, text: str) -> Vector:
        """Embed a text: (384,) float32 of unit length, the mean of its tokens' vectors."""
        states = self._embed(torch.tensor(self._tokenizer.encode(text).ids))
        for layer in range(LAYERS):
            states = self._layer(states, f"encoder.layer.{layer}")
        mean = states.sum(1) / states.shape[1]
        return F.normalize(F.normalize(mean))[0].numpy()  # twice: so do its settings

    def _embed(self, tokens: Tensor) -> Tensor:
        """Sum of the embeddings of n tokens' words, type and places: (1, n, 384)."""
        words, places, types = (
            self._weights[f"embeddings.{name}_embeddings.weight"]
            for name in ("word", "position", "token_type")
        )
        states = words[tokens] + types[0] + places[: len(tokens)]
        return self._norm(states[None], "embeddings")

    def _layer(self, states: Tensor, layer: str) -> Tensor:
        """One layer of the encoder, each half with its residual: (1, n, 384)."""
        query, key, value = (
            self._linear(states, f"{layer}.attention.self.{name}")
            .unflatten(-1, (HEADS, -1))
            .transpose(1, 2)
            for name in ("query", "key", "value")
        )
        mixed = F.scaled_dot_product_attention(query, key, value).transpose(1, 2).flatten(2)
        mixed = self._linear(mixed, f"{layer}.attention.output.dense")
        states = self._norm(mixed + states, f"{layer}.attention.output")
        hidden = F.gelu(self._linear(states, f"{layer}.intermediate.dense"))
        hidden = self._linear(hidden, f"{layer}.output.dense")
        return self._norm(hidden + states, f"{layer}.output")

    def _linear(self, values: Tensor, name: str) -> Tensor:
        return F.linear(values, self._weights[f"{name}.weight"], self._weights[f"{name}.bias"])

    def _norm(self, values: Tensor, name: str) -> Tensor:
        weight, bias = (self._weights[f"{name}.LayerNorm.{part}"] for part in ("weight", "bias"))
        return F.layer_norm(values, weight.shape, weight, bias, LAYER_NORM_EPS)
