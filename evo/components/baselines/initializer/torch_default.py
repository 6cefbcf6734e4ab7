import math

import torch


def initialize(z, fan_in, fan_out):
    """What torch.nn.Linear starts with: uniform within 1/√fan_in."""
    uniform = torch.erf(z / math.sqrt(2.0))
    return uniform / torch.sqrt(fan_in)
