"""Attention whose weights a component makes of scores, in evo's networks and in any model.

A component is given the scores of the keys that a query may see, and no others: so no weight can
go to a masked key, and none can depend on one, whatever the component does.
"""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from inspect import isfunction
from types import FunctionType
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn
from torch.overrides import wrap_torch_function

from evo.core.informed import Informed
from evo.core.learnables import Component, learned_at, on_each_copy
from evo.networks.instead import CallsInstead
from evo.networks.parts import Parts
from evo.networks.visible_keys import weigh_each, weigh_visible


def _operands(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    *,
    is_causal: bool,  # noqa: ARG001 - the function's own signature
) -> tuple[torch.Tensor, ...]:
    return query, key, value


@wrap_torch_function(_operands)
def scaled_dot_product_attention(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, *, is_causal: bool
) -> torch.Tensor:
    """The same as torch's of this name, by products that copies share under `torch.func.vmap`.

    Args:
        query: (…, queries, features), as are key and value.
        key: likewise.
        value: likewise.
        is_causal: whether later places are hidden.
    """
    scores = _scores(query, key)
    if is_causal:
        later = ~_causal(scores)
        scores = scores.masked_fill(later, float("-inf"))
    return scores.softmax(-1) @ value


class SoftmaxAttention(nn.Module):
    """Torch's attention as a module, where no component makes the weights."""

    def forward(
        self,
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        is_causal: bool = False,
    ) -> torch.Tensor:
        """Attention of each query: (…, queries, features)."""
        return F.scaled_dot_product_attention(query, key, value, is_causal=is_causal)


def attended(
    parts: Parts,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    *,
    layer: str,
    parameters: Mapping[str, torch.Tensor],
) -> torch.Tensor:
    """Attention of all copies with the parts' component, each query over all keys.

    Args:
        parts: with a component that makes weights.
        query: (copies, batch, heads, queries, features), as are key and value.
        key: likewise.
        value: likewise.
        layer: its name.
        parameters: of the network, with what the component learns.
    """
    scores = _scores(query, key)
    further: list[tuple[torch.Tensor, int | None]] = []
    if isinstance(parts.attend, Informed):
        is_training = parts.state.number(parts.state.is_training, scores)
        further = [(parts.state.drawn(scores), 0), (is_training, None)]
    weights = on_each_copy(
        _of(parts), parts.attend_learnables, scores, layer, parameters, further=further
    )
    return weights @ value


class AttentionPlace:
    """The place of a component in a module that calls torch's attention.

    While the module runs, its calls of `F.scaled_dot_product_attention` and of
    `F.multi_head_attention_forward`, as `nn.MultiheadAttention` makes them, take the component's
    weights; without a component they are torch's.

    Args:
        layer: name of the module.
        module: to watch.
    """

    def __init__(self, layer: str, module: nn.Module) -> None:
        self.layer = layer
        self._parts = Parts()
        self._parameters_of_copy: Mapping[str, torch.Tensor] = {}
        self._open = ExitStack()
        module.register_forward_pre_hook(self._enter)
        module.register_forward_hook(self._leave, always_call=True)

    def use(self, parts: Parts, parameters: Mapping[str, torch.Tensor]) -> None:
        """Take the component of these parts, with a copy's learnables, until told otherwise."""
        self._parts = parts
        self._parameters_of_copy = parameters

    def _enter(self, *_: Any) -> None:
        if self._parts.attend is not None:
            instead: dict[Any, Any] = dict.fromkeys(_ATTENTIONS, self.attention)
            instead[F.multi_head_attention_forward] = self.multi_head
            self._open.enter_context(CallsInstead(instead))

    def _leave(self, *_: Any) -> None:
        self._open.close()

    def attention(  # noqa: PLR0917 - as torch has it
        self,
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        attn_mask: torch.Tensor | None = None,
        dropout_p: float = 0.0,
        is_causal: bool = False,
        scale: float | None = None,
        enable_gqa: bool = False,
    ) -> torch.Tensor:
        """Attention of one copy, with the arguments of torch's."""
        if enable_gqa:
            times = query.shape[-3] // key.shape[-3]
            key, value = (one.repeat_interleave(times, -3) for one in (key, value))
        scores = _scores(query, key, scale)
        visible = _causal(scores) if is_causal else None
        if attn_mask is not None:
            visible, scores = _masked(scores, attn_mask)
        return F.dropout(self._weights(scores, visible), dropout_p) @ value

    def multi_head(
        self,
        *args: Any,
        attn_mask: torch.Tensor | None = None,
        key_padding_mask: torch.Tensor | None = None,
        need_weights: bool = True,
        **kwargs: Any,
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Attention with its projections, of one copy: torch's function around other weights."""

        def softmax(scores: torch.Tensor, dim: int = -1) -> torch.Tensor:  # noqa: ARG001 - its name
            return self._weights(scores, _shown(scores, attn_mask, key_padding_mask))

        masks = {"attn_mask": attn_mask, "key_padding_mask": key_padding_mask}
        attended, weights = _around(softmax)(*args, **masks, need_weights=True, **kwargs)
        return attended, weights if need_weights else None

    def _weights(self, scores: torch.Tensor, visible: torch.Tensor | None) -> torch.Tensor:
        """Weights of the keys that a mask shows: (queries, keys), or for each sample."""
        given = [scores]
        parts = self._parts
        learned = learned_at(self.layer, parts.attend_learnables, self._parameters_of_copy)
        is_training = parts.state.number(parts.state.is_training, scores)
        if isinstance(parts.attend, Informed):
            draw = torch.randn_like if parts.state.is_training else torch.zeros_like
            given.append(draw(scores))

        def weigh(rows: torch.Tensor, *noise: torch.Tensor) -> torch.Tensor:
            return _of(parts)(rows, *learned, *noise, *[is_training] * len(noise))

        if visible is not None and visible.dim() > 2:
            return weigh_each(weigh, visible, *given)
        return weigh_visible(weigh, visible, *given)


def _around(softmax: Callable[..., torch.Tensor]) -> Callable[..., Any]:
    """Torch's attention with its projections, with this in the place of softmax.

    All else is torch's: how masks are joined, biases of keys and dropout. Its code runs with other
    globals, since it calls softmax by name, and hands itself to modes of functions forever.
    """
    function: Any = F.multi_head_attention_forward
    known = function.__globals__ | {"softmax": softmax, "has_torch_function": _is_no_mode}
    made = FunctionType(function.__code__, known, function.__name__, function.__defaults__)
    made.__kwdefaults__ = function.__kwdefaults__
    return made


def _is_no_mode(_: Any) -> bool:
    return False


_ATTENTIONS = (F.scaled_dot_product_attention, scaled_dot_product_attention)


def calls_attention(module: nn.Module) -> bool:
    """True for torch's own, and for a method of a module's own that calls one of torch's name."""
    if isinstance(module, nn.MultiheadAttention):
        return True
    classes = type(module).__mro__
    methods = [
        method
        for one in classes[: classes.index(nn.Module)]
        for method in vars(one).values()
        if isfunction(method)
    ]
    return any(scaled_dot_product_attention.__name__ in one.__code__.co_names for one in methods)


def _of(parts: Parts) -> Component:
    if parts.attend is None:
        raise ValueError("expected parts with a component that makes weights")
    return parts.attend


def _scores(query: torch.Tensor, key: torch.Tensor, scale: float | None = None) -> torch.Tensor:
    products = query @ key.transpose(-2, -1)
    return products / query.shape[-1] ** 0.5 if scale is None else products * scale


def _causal(scores: torch.Tensor) -> torch.Tensor:
    """The keys up to a query's own place: (queries, keys)."""
    return torch.ones(scores.shape[-2:], dtype=torch.bool, device=scores.device).tril()


def _shown(
    scores: torch.Tensor, mask: torch.Tensor | None, padding: torch.Tensor | None
) -> torch.Tensor | None:
    """The keys that masks of `nn.MultiheadAttention` show, which hide where they are true.

    One mask for all samples is read off itself, since copies may share it where scores are their
    own; keys behind those that it names are biases, which every query sees.
    """
    if mask is None and padding is None:
        return None
    if mask is None or mask.dim() > 2 or padding is not None:
        return ~torch.isneginf(scores)
    hidden = mask if mask.dtype == torch.bool else torch.isneginf(mask)
    return ~F.pad(hidden, (0, scores.shape[-1] - hidden.shape[-1]))


def _masked(scores: torch.Tensor, mask: torch.Tensor) -> tuple[torch.Tensor | None, torch.Tensor]:
    """The keys that a mask of torch shows, and the scores with what it adds to them."""
    while mask.dim() > 2 and mask.shape[0] == 1:
        mask = mask[0]
    mask = mask.expand(scores.shape if mask.dim() > 2 else scores.shape[-2:])
    if mask.dtype == torch.bool:
        return mask, scores
    return ~torch.isneginf(mask), scores + mask
