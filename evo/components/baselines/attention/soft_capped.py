import torch


def attend(scores):
    """Scores bounded by tanh, as in Gemma 2 (2024), there to 50 and here to 5."""
    return torch.softmax(5 * torch.tanh(scores / 5), dim=-1)
