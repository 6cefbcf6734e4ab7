import pytest
from operator_samples import ALL, CONTRACT, component, rewritten

from evo.components.kinds import kinds
from operators.tree.form import Form, form_key
from operators.tree.offspring import read_parent
from operators.tree.tidy import write_program


def form(body: str, above: str = "") -> Form:
    return Form.of(rewritten(component(f"return {body}", above)), CONTRACT)


def free(body: str) -> list[float]:
    whole = form(body)
    return [whole.numbers[index] for index in whole.free]


def test_components_of_one_form_have_one_key_whatever_their_numbers() -> None:
    one, other = form("0.5 * torch.tanh(x) - 3.0 * x"), form("0.125 * torch.tanh(x) - 1e-3 * x")

    assert one.key == other.key
    assert (one.numbers, other.numbers) == ((0.5, 3.0), (0.125, 0.001))


@pytest.mark.parametrize("body", ["0.5 * torch.sin(x)", "0.5 * torch.tanh(x + 1.0)"])
def test_another_call_or_another_term_is_another_form(body: str) -> None:
    assert form(body).key != form("0.5 * torch.tanh(x)").key


def test_digits_in_names_are_no_numbers() -> None:
    assert form_key("def f2(x): return torch.log1p(x_3) * 2")[1] == (2.0,)


def test_exponents_guards_zeros_and_dimensions_are_not_free() -> None:
    assert free("1.5 * x ** 2 + x / (torch.abs(x) + 1e-6)") == [1.5]
    assert free("torch.clamp(2.0 * x, min=0.0, max=3.0)") == [2.0, 3.0]
    assert free("F.softmax(0.5 * x, dim=-1)") == [0.5]


def test_other_numbers_go_to_their_places_and_signs_stay() -> None:
    whole = form("torch.clamp(x, -2.0, 1.0) - 1.5 * torch.tanh(x)")

    source = whole.source({0: 7.0, 2: 0.25})

    assert "torch.clamp(x, -7.0, 1.0) - 0.25 * torch.tanh(x)" in source
    assert Form.of(source, CONTRACT).key == whole.key


@pytest.mark.parametrize("name", sorted(ALL))
def test_without_other_numbers_a_source_stays_itself(name: str) -> None:
    source = rewritten(ALL[name])

    assert Form.of(source, CONTRACT).source({}) == source


@pytest.mark.parametrize("kind", kinds.names())
def test_every_kind_has_baselines_with_free_numbers_or_none_at_all(kind: str) -> None:
    contract = kinds.get(kind).contract
    forms = [
        read_parent(baseline.source, contract).form
        for baseline in kinds.get(kind)().baselines().values()
    ]

    assert any(whole.free for whole in forms)
    for whole in forms:
        moved = whole.source({index: 1.25 * whole.numbers[index] for index in whole.free})
        assert Form.of(moved, contract).free == whole.free


def test_text_that_is_not_written_by_us_has_a_key_and_nothing_free() -> None:
    assert Form.of("def activation(x: return 0.5", CONTRACT).free == ()
    assert write_program(read_parent("", CONTRACT).program)
