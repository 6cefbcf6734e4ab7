import math
from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F

from evo.core.seeds import child_seed
from evo.evaluation.training.results import Trained
from evo.evaluation.training.trainer import train
from evo.networks.mlp import Mlp
from evo.networks.parts import Parts
from evo.tasks.base import Data, Split
from evo.tasks.digits import Digits

NETWORK = Mlp((12, 8))


@pytest.fixture(scope="module")
def data() -> Data:
    whole = Digits().load()
    return Data(
        Split(whole.train.inputs[:200], whole.train.targets[:200]),
        Split(whole.validation.inputs[:80], whole.validation.targets[:80]),
        Split(whole.test.inputs[:80], whole.test.targets[:80]),
        whole.outputs,
    )


def train_side_by_side(data: Data, *, seeds, rates, activation=torch.tanh, epochs=2) -> Trained:
    return train(
        NETWORK,
        data,
        Parts(activation),
        seeds=seeds,
        learning_rates=rates,
        epochs=epochs,
        batch_size=32,
    )


def plain_model(parameters: dict[str, torch.Tensor]) -> torch.nn.Module:
    """torch's own layers with the weights of one copy."""
    layers: list[torch.nn.Module] = []
    for name in ("0", "1", "out"):
        weight, bias = parameters[f"{name}.weight"], parameters[f"{name}.bias"]
        layer = torch.nn.Linear(1, 1)
        layer.weight = torch.nn.Parameter((weight if name == "out" else weight.T).clone())
        layer.bias = torch.nn.Parameter(bias.flatten().clone())
        layers += [layer, torch.nn.Tanh()]
    return torch.nn.Sequential(*layers[:-1])


def train_alone(data: Data, *, seed: int, rate: float, epochs: int = 2) -> tuple[float, float]:
    """The same work as a plain PyTorch loop with torch's own Adam and schedule."""
    start = torch.Generator().manual_seed(child_seed(seed, "trial", "weights"))
    order = torch.Generator().manual_seed(child_seed(seed, "trial", "order"))
    model = plain_model(NETWORK.initialise((64,), data.outputs, start))
    batches = len(data.train.targets) // 32
    optimiser = torch.optim.Adam(model.parameters(), lr=rate)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda n: 1 - n / (epochs * batches))
    for _ in range(epochs):
        shuffled = torch.randperm(len(data.train.targets), generator=order)
        for batch in shuffled.split(32)[:batches]:
            optimiser.zero_grad()
            logits = model(data.train.inputs[batch])
            F.cross_entropy(logits, data.train.targets[batch]).backward()
            optimiser.step()
            schedule.step()
    with torch.no_grad():
        logits = model(data.test.inputs)
    accuracy = (logits.argmax(1) == data.test.targets).float().mean()
    return F.cross_entropy(logits, data.test.targets).item(), accuracy.item()


def test_every_copy_ends_where_a_plain_pytorch_loop_ends(data: Data) -> None:
    seeds, rates = (0, 1, 5), (0.003, 0.03)

    together = train_side_by_side(data, seeds=seeds, rates=rates)

    for row, seed in enumerate(seeds):
        for column, rate in enumerate(rates):
            loss, accuracy = train_alone(data, seed=seed, rate=rate)
            assert together.test_loss[row, column].item() == pytest.approx(loss, rel=1e-3)
            assert together.test_accuracy[row, column].item() == pytest.approx(accuracy, abs=0.02)


def test_training_lowers_the_loss_below_guessing(data: Data) -> None:
    trained = train_side_by_side(data, seeds=(0, 1), rates=(0.03,), epochs=8)

    assert (trained.test_loss < 0.8 * math.log(10)).all()


def test_the_same_seed_gives_the_same_bits(data: Data) -> None:
    first = train_side_by_side(data, seeds=(3, 4), rates=(0.01, 0.1))
    second = train_side_by_side(data, seeds=(3, 4), rates=(0.01, 0.1))

    assert first.course is None and second.course is None
    assert all(torch.equal(one, two) for one, two in zip(first[:-1], second[:-1], strict=True))


def test_another_seed_gives_another_network(data: Data) -> None:
    trained = train_side_by_side(data, seeds=(0, 1), rates=(0.01,))

    assert trained.test_loss[0, 0] != trained.test_loss[1, 0]


def test_a_copy_that_diverges_is_lost_and_takes_no_other_with_it(data: Data) -> None:
    calm = train_side_by_side(data, seeds=(0, 1), rates=(0.01,), activation=torch.exp)
    mixed = train_side_by_side(data, seeds=(0, 1), rates=(0.01, 1e6), activation=torch.exp)

    assert torch.isinf(mixed.validation_loss[:, 1]).all()
    assert torch.isinf(mixed.test_loss[:, 1]).all()
    assert (mixed.test_accuracy[:, 1] == 0).all()
    assert torch.allclose(mixed.test_loss[:, 0], calm.test_loss[:, 0], rtol=1e-4)


def test_training_never_reads_the_test_split(data: Data) -> None:
    blank = Split(torch.zeros_like(data.test.inputs), data.test.targets)
    seen = train_side_by_side(data, seeds=(0,), rates=(0.01, 0.03))
    unseen = train_side_by_side(
        Data(data.train, data.validation, blank, data.outputs), seeds=(0,), rates=(0.01, 0.03)
    )

    assert torch.equal(seen.validation_loss, unseen.validation_loss)
    assert not torch.equal(seen.test_loss, unseen.test_loss)


def test_pooled_data_give_each_seed_a_split_of_its_own(data: Data) -> None:
    pooled = replace(data, pooled=True)
    order = torch.randperm(len(data.samples.targets), generator=split_generator(seed=3))
    sizes = [len(part.targets) for part in (data.train, data.validation, data.test)]
    splits = [Split(data.samples.inputs[i], data.samples.targets[i]) for i in order.split(sizes)]

    here = train_side_by_side(pooled, seeds=(5, 3), rates=(0.01,))
    by_hand = train_side_by_side(Data(*splits, outputs=data.outputs), seeds=(3,), rates=(0.01,))

    assert torch.allclose(here.test_loss[1], by_hand.test_loss[0], rtol=1e-4)
    assert torch.allclose(here.validation_loss[1], by_hand.validation_loss[0], rtol=1e-4)


def split_generator(*, seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(child_seed(seed, "trial", "split"))


def test_a_training_set_smaller_than_a_batch_is_one_batch(data: Data) -> None:
    few = Split(data.train.inputs[:20], data.train.targets[:20])
    small = Data(few, data.validation, data.test, data.outputs)
    start = train_side_by_side(small, seeds=(0,), rates=(1e-9,))
    trained = train_side_by_side(small, seeds=(0,), rates=(0.03,))

    assert not torch.equal(start.test_loss, trained.test_loss)


def test_a_preprocessor_changes_what_every_split_shows(data: Data) -> None:
    halved = [Split(part.inputs * 0.5, part.targets) for part in (data.train, data.validation)]
    by_hand = Data(*halved, Split(data.test.inputs * 0.5, data.test.targets), data.outputs)

    part = train_with(data, Parts(torch.tanh, preprocess=lambda x: 0.5 * x))

    assert torch.equal(part.test_loss, train_with(by_hand, Parts(torch.tanh)).test_loss)


def test_a_penalty_pulls_on_the_weights_and_is_no_part_of_the_measured_loss(data: Data) -> None:
    free = train_with(data, Parts(torch.tanh))
    nothing = train_with(data, Parts(torch.tanh, penalty=lambda w: 7 + 0 * w.sum()))
    strong = train_with(data, Parts(torch.tanh, penalty=lambda w: 100 * w.square().sum()))

    steps = train_with(data, Parts(torch.tanh, penalty=lambda w: (w > 0).float().mean()))
    assert torch.allclose(nothing.test_loss, free.test_loss)
    assert torch.equal(steps.test_loss, free.test_loss), "it has no gradient at all"
    # Without weights every class is as likely as its share.
    assert torch.allclose(strong.test_loss, torch.tensor(math.log(10)), atol=0.15)
    assert (free.test_loss < strong.test_loss).all()


@pytest.mark.parametrize("passes", [3, 8])
def test_passes_of_a_batch_add_up_to_its_step(data: Data, passes: int) -> None:
    parts = Parts(torch.tanh, penalty=lambda weight: weight.square().sum())
    options = {"seeds": (0, 1), "learning_rates": (0.003,), "strengths": (0.01,)}
    work = {"epochs": 2, "batch_size": 32, "observe": True}

    at_once = train(NETWORK, data, parts, **options, **work)
    in_passes = train(NETWORK, data, parts, **options, **work, passes=passes)

    assert torch.allclose(in_passes.test_loss, at_once.test_loss, rtol=1e-4)
    assert torch.allclose(in_passes.course.late, at_once.course.late, rtol=1e-4)


def test_an_epoch_may_end_after_some_steps(data: Data) -> None:
    seen: list[int] = []

    def update(g, m, v, w, t):
        seen.append(int(t.max()))
        return torch.stack([g, m, v])

    train(
        *(NETWORK, data, Parts(update=update)),
        seeds=(0,),
        learning_rates=(0.01,),
        epochs=3,
        batch_size=32,
        epoch_steps=2,
    )

    assert max(seen) == 6


def test_a_strength_multiplies_the_penalty_of_its_own_copies(data: Data) -> None:
    options = {"seeds": (0, 1), "epochs": 3, "batch_size": 32}
    weak, tenfold = (
        Parts(torch.tanh, penalty=lambda w, s=strength: s * w.square().sum())
        for strength in (0.01, 0.1)
    )

    swept = train(
        NETWORK, data, weak, learning_rates=(0.01, 0.01), strengths=(1.0, 10.0), **options
    )
    apart = [
        train(NETWORK, data, parts, learning_rates=(0.01,), **options) for parts in (weak, tenfold)
    ]

    expected = torch.cat([trained.test_loss for trained in apart], dim=1)
    torch.testing.assert_close(swept.test_loss, expected, rtol=1e-4, atol=1e-5)
    assert (swept.test_loss[:, 0] - swept.test_loss[:, 1]).abs().min() > 1e-3


def train_with(data: Data, parts: Parts) -> Trained:
    rates = (0.003, 0.03)
    return train(NETWORK, data, parts, seeds=(0, 1), learning_rates=rates, epochs=6, batch_size=32)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("activation", [torch.tanh, F.relu, F.mish])
def test_a_cuda_device_gives_the_results_of_the_processor(data: Data, activation) -> None:
    choice = {"seeds": (0, 1, 2), "rates": (0.003, 0.03), "activation": activation}

    here = train_side_by_side(data, **choice)
    there = train_side_by_side(data.to(torch.device("cuda")), **choice)

    assert there.test_loss.device.type == "cpu"
    assert torch.allclose(here.test_loss, there.test_loss, rtol=2e-2)
    assert torch.allclose(here.validation_loss, there.validation_loss, rtol=2e-2)


def test_a_loss_is_trained_in_place_of_the_objective_and_errors_decide(data: Data) -> None:
    def cross_entropy(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        return -(targets * torch.log_softmax(outputs, -1)).sum(-1)

    own, plain = (
        train(NETWORK, data, parts, seeds=(0, 1), learning_rates=(0.01,), epochs=3, batch_size=32)
        for parts in (Parts(loss=cross_entropy, judged_by="accuracy"), Parts())
    )

    assert torch.equal(own.test_accuracy, plain.test_accuracy)
    wrong = 80 * (1 - own.test_accuracy)
    torch.testing.assert_close(own.test_loss, (wrong + 0.5) / 81)
    assert not torch.equal(own.validation_loss, plain.validation_loss)


def test_another_loss_trains_another_network_and_no_copy_sees_another(data: Data) -> None:
    parts = Parts(loss=lambda o, t: (o - t).square().mean(-1), judged_by="accuracy")
    options = {"learning_rates": (0.01, 0.03), "epochs": 3, "batch_size": 32}

    both = train(NETWORK, data, parts, seeds=(0, 1), **options)
    alone = train(NETWORK, data, parts, seeds=(1,), **options)
    plain = train(NETWORK, data, Parts(), seeds=(0, 1), **options)

    assert torch.equal(both.test_loss[1:], alone.test_loss)
    assert not torch.equal(both.test_accuracy, plain.test_accuracy)
