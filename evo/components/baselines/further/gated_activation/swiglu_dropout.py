"""SwiGLU with a tenth of its outputs dropped, Shazeer 2020, arXiv 2002.05202."""

import torch
import torch.nn.functional as F


def glu(gate, value, noise, training):
    y = F.silu(gate) * value
    return torch.where(training > 0, y * (noise > -1.2816) / 0.9, y)
