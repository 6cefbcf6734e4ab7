import torch
import torch.nn.functional as F


def attend(scores):
    """Later keys take their share first, Tan et al. 2024, arXiv 2410.17980."""
    left = F.logsigmoid(-scores)
    by_later = torch.flip(torch.cumsum(torch.flip(left, (-1,)), dim=-1), (-1,)) - left
    return torch.exp(F.logsigmoid(scores) + by_later)
