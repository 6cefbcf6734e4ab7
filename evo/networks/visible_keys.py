"""Weights of the keys that queries may see, by a component that is shown no others."""

import torch
import torch.nn.functional as F

from evo.core.learnables import Component


def weigh_visible(
    attend: Component, visible: torch.Tensor | None, *scores: torch.Tensor
) -> torch.Tensor:
    """The weights of all keys, those of hidden ones 0: (…, queries, keys).

    Queries that see as many keys are weighed together, so a causal mask takes a call per query.

    Args:
        attend: makes weights (…, keys) of scores.
        visible: whether a query sees a key, (queries, keys); None where each sees all.
        scores: (…, queries, keys), and what else has that shape, such as noise.
    """
    if visible is None or bool(visible.all()):
        return attend(*scores)
    alike: dict[int, list[int]] = {}
    for query, count in enumerate(visible.sum(-1).tolist()):
        alike.setdefault(count, []).append(query)
    order = [query for queries in alike.values() for query in queries]
    weighed: list[torch.Tensor] = []
    for count, queries in alike.items():
        weights = torch.zeros_like(scores[0][..., queries, :])
        if count:
            keys = visible[queries].nonzero()[:, 1].view(len(queries), count)
            rows = torch.tensor(queries, device=keys.device).unsqueeze(1)
            made = attend(*(one[..., rows, keys] for one in scores))
            weights = weights.scatter(-1, keys.expand(made.shape), made)
        weighed.append(weights)
    places = torch.tensor(order, device=visible.device).argsort()
    return torch.cat(weighed, -2).index_select(-2, places)


def weigh_each(attend: Component, visible: torch.Tensor, *scores: torch.Tensor) -> torch.Tensor:
    """The same where every query of every sample sees keys of its own, also under `vmap`.

    The keys that it sees come first, in their order; then there is a call for each number of keys,
    of which a query takes the one for its own. That is a call per key.

    Args:
        attend: makes weights (…, keys) of scores.
        visible: whether a query sees a key, (…, queries, keys).
        scores: of this shape, and what else has it, such as noise.
    """
    keys = visible.shape[-1]
    order = (~visible).to(torch.uint8).argsort(dim=-1, stable=True)
    counts = visible.sum(-1, keepdim=True)
    # What is hidden is filled, or a component of minus infinity would spoil gradients.
    shown = [one.masked_fill(~visible, 0.0).gather(-1, order) for one in scores]
    weights = torch.zeros_like(shown[0])
    for count in range(1, keys + 1):
        made = attend(*(one[..., :count] for one in shown))
        weights = torch.where(counts == count, F.pad(made, (0, keys - count)), weights)
    return torch.zeros_like(weights).scatter(-1, order, weights)
