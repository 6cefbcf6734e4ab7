import torch


def attend(scores):
    """Softmax of the four highest scores, Gupta et al. 2021, arXiv 2106.06899."""
    kept = torch.topk(scores, min(4, scores.shape[-1]), dim=-1).values[..., -1:]
    return torch.softmax(torch.where(scores >= kept, scores, float("-inf")), dim=-1)
