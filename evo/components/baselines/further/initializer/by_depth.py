"""He's weights, smaller the deeper the network, as in GPT-2, Radford et al. 2019."""

import torch


def initialize(z, fan_in, fan_out, layers):
    return z * torch.sqrt(2 / (fan_in * layers))
