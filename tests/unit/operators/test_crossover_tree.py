import ast

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from operator_samples import (
    ALL,
    BASELINES,
    CONTRACT,
    PAIR,
    WILD,
    component,
    is_sound,
    outputs,
    program,
    returns,
    signature,
)
from support.records import written

from evo.core.source import normalise
from evo.core.syntax.trees import size
from operators.crossover_tree import CrossoverTree
from operators.tree.balance import SIZE_LIMIT
from operators.tree.carry import carry
from operators.tree.inline import donations
from operators.tree.program import Program
from operators.tree.tidy import tidy, write_program

OPERATOR = CrossoverTree()


def child(first: str, second: str, seed: int) -> str:
    parents = [written(first), written(second)]
    return OPERATOR.propose(parents, CONTRACT, np.random.default_rng(seed))


def donated(source: str) -> list[str]:
    return [ast.unparse(part.expression) for part in donations(Program.read(source, CONTRACT))]


@settings(max_examples=25, deadline=None)
@given(
    first=st.sampled_from(sorted(ALL)),
    second=st.sampled_from(sorted(ALL)),
    seed=st.integers(0, 2**32),
)
def test_a_child_keeps_the_signature_differs_from_both_and_is_written_once(
    first: str, second: str, seed: int
) -> None:
    source = child(ALL[first], ALL[second], seed)

    assert signature(source, "activation") == ["x"]
    assert normalise(source) not in {normalise(ALL[first]), normalise(ALL[second])}
    assert source == child(ALL[first], ALL[second], seed)


def test_most_children_run_and_give_finite_values_in_the_right_shape() -> None:
    rng = np.random.default_rng(0)
    inputs = [torch.linspace(-8.0, 8.0, 64)]
    pairs = [rng.choice(sorted(ALL), 2) for _ in range(60)]

    sound = [
        is_sound(child(ALL[first], ALL[second], seed), "activation", inputs)
        for seed, (first, second) in enumerate(pairs)
    ]

    assert np.mean(sound) > 0.93


def test_a_child_of_two_calls_holds_both() -> None:
    found = {child(BASELINES["relu"], BASELINES["tanh"], seed) for seed in range(30)}

    assert len(found) >= 8
    assert all("F.relu" in text and "torch.tanh" in text for text in found)


def test_children_stay_within_the_size_of_the_larger_parent() -> None:
    first, second = WILD["many_steps"], WILD["masks_and_where"]
    sizes = [Program.read(text, CONTRACT).size for text in (first, second)]

    for seed in range(8):
        text = child(first, second, seed)
        assert Program.read(text, CONTRACT).size <= max(SIZE_LIMIT, *sizes)


def test_twice_the_same_parent_still_gives_something_new() -> None:
    for seed in range(10):
        text = child(BASELINES["relu"], BASELINES["relu"], seed)
        assert normalise(text) != normalise(BASELINES["relu"])


def test_locals_are_replaced_by_what_they_stand_for() -> None:
    body = "y = 2.0 * x\nx = torch.sin(y)\nx += 1.0\na, b = x, torch.cos(y)\nreturn a * b"

    parts = donated(component(body))

    assert "torch.sin(2.0 * x)" in parts
    assert "(torch.sin(2.0 * x) + 1.0) * torch.cos(2.0 * x)" in parts
    assert all(" y" not in part and part != "a" for part in parts)


def test_a_comprehension_is_donated_with_the_names_it_binds() -> None:
    parts = donated(WILD["comprehension"])

    assert "sum([torch.cos(k * x) / (1.0 + k ** 2) for k in range(1, 4)])" in parts
    assert not any("k * x" in part and "for k" not in part for part in parts)


def test_calls_of_local_functions_stay_where_they_are() -> None:
    assert not any("gate" in part or "lambda" in part for part in donated(WILD["lambdas"]))
    assert not any("blend" in part or "root" in part for part in donated(WILD["closure"]))


def test_what_a_loop_or_a_branch_makes_is_not_donated() -> None:
    loop = "y = x\nfor k in range(3):\n    y = torch.sin(k * y)\nz = torch.cos(x)\nreturn y + z"

    assert donated(component(loop)) == ["torch.cos(x)"]
    assert donated(WILD["static_loop"]) == []


def test_a_moved_expression_computes_what_it_computed() -> None:
    source = WILD["helper_with_default"]
    donor, receiver = Program.read(source, CONTRACT), Program.identity(CONTRACT)
    inputs = [torch.linspace(-8.0, 8.0, 64)]
    (statement,) = returns(receiver)

    whole = max(donations(donor), key=lambda part: size(part.expression))
    statement.value = carry(whole.expression, donor, receiver)

    assert torch.equal(
        outputs(write_program(receiver), "activation", inputs),
        outputs(source, "activation", inputs),
    )


def test_helpers_constants_and_imports_come_along() -> None:
    found = [child(BASELINES["relu"], WILD["helper_with_default"], seed) for seed in range(40)]

    with_swish = [text for text in found if "swish(x, BETA)" in text]
    assert with_swish
    assert all("def swish(t, beta=1.0):" in text for text in with_swish)
    assert all(text.index("BETA = 1.7") < text.index("def swish") for text in with_swish)
    assert not any("def bump" in text for text in with_swish if "bump(x" not in text)


def test_a_name_that_means_another_thing_in_the_receiver_is_changed() -> None:
    receiver = program("core(x) * K", "K = 0.5\ndef core(t):\n    return torch.sin(t)\n")
    donor = program("core(K * x)", "K = 0.7\ndef core(t):\n    return torch.cos(K * t)\n")
    (last,) = returns(receiver)

    last.value = carry(donations(donor)[0].expression, donor, receiver)
    tidy(receiver)

    assert write_program(receiver) == (
        "import torch\n\nK_2 = 0.7\n\n\ndef core_2(t):\n    return torch.cos(K_2 * t)\n\n\n"
        "def activation(x):\n    return core_2(K_2 * x)\n"
    )


def test_what_both_parents_define_alike_is_shared() -> None:
    above = "K = 0.5\ndef core(t):\n    return torch.sin(K * t)\n"
    receiver, donor = program("core(x)", above), program("core(2.0 * x)", above)
    (last,) = returns(receiver)

    last.value = ast.BinOp(
        last.value or ast.Constant(0),
        ast.Add(),
        carry(donations(donor)[0].expression, donor, receiver),
    )
    tidy(receiver)

    assert write_program(receiver).count("def core") == 1
    assert "return core(x) + core(2.0 * x)" in write_program(receiver)


def test_a_helper_is_not_shared_when_what_it_needs_differs() -> None:
    helper = "def core(t):\n    return torch.sin(K * t)\n"
    receiver, donor = (
        program("core(x)", f"K = 1.5\n{helper}"),
        program("core(x)", f"K = 9.0\n{helper}"),
    )

    assert ast.unparse(carry(donations(donor)[0].expression, donor, receiver)) == "core_2(x)"


def test_where_nothing_can_be_moved_a_parent_comes_along_whole() -> None:
    loop = component("y = x\nfor k in range(3):\n    y = torch.sin(y)\nreturn y")
    inputs = [torch.linspace(-8.0, 8.0, 64)]

    found = [child(loop, WILD["static_loop"], seed) for seed in range(10)]

    assert all("def other_activation(x):" in text for text in found)
    assert all(signature(text, "activation") == ["x"] for text in found)
    assert all(is_sound(text, "activation", inputs) for text in found)


def test_parts_go_the_other_way_where_only_the_first_parent_has_some() -> None:
    found = [child(BASELINES["tanh"], WILD["static_loop"], seed) for seed in range(10)]

    assert all("torch.tanh" in text for text in found)
    assert sum("for k in range(N_TERMS):" in text for text in found) >= 5
    assert not any("def other_activation" in text for text in found)


def test_a_part_for_a_helper_is_written_in_the_names_of_the_helper() -> None:
    above = "def core(t):\n    return 2.0 * t\n"
    found = [child(component("return core(x)", above), BASELINES["tanh"], s) for s in range(30)]

    assert any("torch.tanh(t)" in text for text in found)
    assert not any("return 2.0 * x" in text for text in found)


def test_a_shared_helper_never_comes_to_call_itself() -> None:
    above = "def core(t):\n    return torch.tanh(2.0 * t)\n"
    one, two = component("return core(x)", above), component("return x * core(x)", above)
    inputs = [torch.linspace(-8.0, 8.0, 64)]

    assert all(is_sound(child(one, two, seed), "activation", inputs) for seed in range(30))


def test_two_arguments_are_kept_apart() -> None:
    one = "import torch\ndef gate(signal, control):\n    return signal * torch.sigmoid(control)\n"
    body = "    y = control ** 2\n    return torch.tanh(y) - signal\n"
    two = f"import torch\ndef gate(signal, control):\n{body}"
    inputs = [torch.linspace(-2.0, 2.0, 64), torch.linspace(0.0, 1.0, 64)]

    found = [
        OPERATOR.propose([written(one), written(two)], PAIR, np.random.default_rng(seed))
        for seed in range(40)
    ]

    assert all(signature(text, "gate") == ["signal", "control"] for text in found)
    assert all(is_sound(text, "gate", inputs) for text in found)
    assert any("control ** 2" in text for text in found)
