"""Batch norm, Ioffe and Szegedy 2015, arXiv 1502.03167."""

import torch


def normalize(x, gain, shift, mean, variance):
    return gain * (x - mean) * torch.rsqrt(variance + 1e-5) + shift
