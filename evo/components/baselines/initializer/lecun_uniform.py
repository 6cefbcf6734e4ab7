import math

import torch


def initialize(z, fan_in, fan_out):
    uniform = torch.erf(z / math.sqrt(2.0))
    return uniform * torch.sqrt(3.0 / fan_in)
