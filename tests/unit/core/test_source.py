from evo.core.source import source_size

PLAIN = "import torch\n\ndef f(x):\n    return torch.tanh(x)\n"
SAME = '''import torch


def f(x: torch.Tensor) -> torch.Tensor:
    """Text, which is free."""
    # And so is this.
    return torch.tanh(x)
'''


def test_the_size_counts_what_computes_and_not_how_it_is_laid_out() -> None:
    assert source_size(PLAIN) == source_size(SAME)
    assert source_size(PLAIN) < source_size(PLAIN.replace("(x)\n", "(0.5 * x)\n"))
    assert source_size(PLAIN) < source_size(PLAIN.replace("tanh(x)", "tanh(torch.sin(x))"))


def test_text_that_does_not_parse_has_no_size() -> None:
    assert source_size("def f(x:") == 0
