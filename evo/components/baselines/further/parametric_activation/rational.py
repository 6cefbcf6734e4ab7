"""A safe Padé activation, near leaky ReLU at its start, Molina et al. 2020, arXiv 1907.06732."""

import torch


def activation(x, a, b, c, d, e, f, h, j):
    top = 0.02 + b + (0.5 * a) * x + (1.6 * c) * x * x + (1.4 * e) * x**3 + (0.1 * d) * x**4
    below = 1 + torch.abs((0.1 * f) * x + (2.4 + h) * x * x) + torch.abs((0.1 * j) * x**3)
    return top / below
