import torch
import torch.nn.functional as F


def attend(scores):
    """The nearest distribution, Martins and Astudillo 2016, arXiv 1602.02068."""
    ordered = torch.sort(scores, dim=-1, descending=True).values
    beyond = torch.cumsum(ordered, dim=-1) - 1
    counts = torch.arange(1, scores.shape[-1] + 1)
    support = torch.sum(counts * ordered > beyond, dim=-1, keepdim=True)
    threshold = torch.gather(beyond, -1, support - 1) / support
    return F.relu(scores - threshold)
