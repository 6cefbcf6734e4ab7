"""Softmax with a learned score for nothing, as in gpt-oss, OpenAI 2025."""

import torch


def attend(scores, b):
    sink = b.expand_as(scores[..., :1])
    return torch.softmax(torch.cat([scores, sink], dim=-1), dim=-1)[..., :-1]
