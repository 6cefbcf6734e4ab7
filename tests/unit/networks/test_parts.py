import torch
import torch.nn.functional as F

from evo.networks.parts import Parts


def test_parts_of_their_own_are_relu_and_nothing_else() -> None:
    parts, samples = Parts(), torch.randn(3, 2, 2)

    assert parts.activation is F.relu
    assert parts.prepared(samples) is samples
    assert parts.penalties([torch.ones(2, 3, 4)]) is None


def test_samples_are_prepared_flat_and_keep_their_shape() -> None:
    samples = torch.randn(3, 2, 4)

    prepared = Parts(preprocess=lambda x: x.cumsum(1)).prepared(samples)

    assert torch.equal(prepared, samples.flatten(1).cumsum(1).view(3, 2, 4))


def test_many_samples_are_prepared_as_few_are() -> None:
    samples = torch.randn(2500, 7)

    prepared = Parts(preprocess=torch.tanh).prepared(samples)

    assert torch.allclose(prepared, torch.tanh(samples))


def test_each_copy_gets_the_penalty_of_its_own_matrices() -> None:
    matrices = [torch.randn(4, 3, 5), torch.randn(4, 2, 3)]

    penalties = Parts(penalty=lambda w: w.square().sum()).penalties(matrices)

    assert penalties is not None
    wanted = [sum(m[copy].square().sum() for m in matrices) for copy in range(4)]
    assert torch.allclose(penalties, torch.stack(wanted))
