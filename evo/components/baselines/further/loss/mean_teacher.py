"""Agreement with averaged weights beside it, Tarvainen and Valpola 2017, arXiv 1703.01780."""

import torch
import torch.nn.functional as F


def loss(outputs, targets, teacher, t):
    agreement = torch.square(torch.softmax(outputs, dim=-1) - torch.softmax(teacher, dim=-1))
    plain = F.cross_entropy(outputs, targets, reduction="none")
    return plain + t * torch.sum(agreement, dim=-1)
