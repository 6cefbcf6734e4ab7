"""Unit variance of every layer's outputs on a first batch, Mishkin & Matas 2016, arXiv 1511.06422.

From nearly orthogonal weights, as there; one division does what its iterations do.
"""

import torch


def initialize(z, fan_in, fan_out, inputs):
    w = z / (torch.sqrt(fan_in) + torch.sqrt(fan_out))
    for _ in range(6):
        w = 1.5 * w - 0.5 * (w @ w.T) @ w
    outputs = inputs @ w.T
    return w / torch.sqrt(torch.var(outputs) + 1e-6)
