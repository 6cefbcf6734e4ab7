import torch


def glu(gate, value):
    """SwiGLU as in gpt-oss (OpenAI 2025): clipped, a steeper gate, a value that starts at 1."""
    gate = torch.clamp(gate, max=7.0)
    value = torch.clamp(value, min=-7.0, max=7.0)
    return gate * torch.sigmoid(1.702 * gate) * (value + 1)
