import torch

from evo.networks.layers import apply_read_out


def layer() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """A signal of 3 copies, 4 samples, 5 features, and a read-out of 2 outputs."""
    draw = torch.Generator().manual_seed(0)
    shapes = ((3, 4, 5), (3, 2, 5), (3, 2, 1))
    signal, weight, bias = (
        torch.randn(shape, generator=draw, dtype=torch.float64).requires_grad_() for shape in shapes
    )
    return signal, weight, bias


def test_each_copy_reads_its_own_signal() -> None:
    signal, weight, bias = layer()

    outputs = apply_read_out(signal, weight, bias)

    for copy in range(3):
        expected = signal[copy] @ weight[copy].T + bias[copy].T
        torch.testing.assert_close(outputs[copy], expected)


def test_gradients_are_those_of_finite_differences_and_so_are_theirs() -> None:
    assert torch.autograd.gradcheck(apply_read_out, layer())
    assert torch.autograd.gradgradcheck(apply_read_out, layer())


def test_the_gradient_to_the_signal_lies_in_memory_as_the_signal_does() -> None:
    signal, weight, bias = layer()
    loss = apply_read_out(signal, weight, bias).square().sum()

    (gradient,) = torch.autograd.grad(loss, [signal])

    assert gradient.stride() == signal.stride()
