import torch
import torch.nn.functional as F


def regularize(w):
    """The largest singular value squared, by power iteration, Yoshida and Miyato 2017."""
    v = F.normalize(torch.sum(torch.abs(w), dim=0), dim=0)
    for _ in range(4):
        v = F.normalize(w.transpose(0, 1) @ (w @ v), dim=0)
    return 1e-3 * torch.sum(torch.square(w @ v.detach()))
