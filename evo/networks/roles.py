"""Roles of parameters: which tensor is a weight, which way it lies, what is a bias or an embedding.

A network says the roles of its parameters (`Network.roles`); those of a `torch.nn.Module` follow
from the class of the module that owns each (`roles_of`). Names of parameters never decide.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import torch
from torch import nn


class Plain(StrEnum):
    """Roles of parameters that are no weight matrices.

    BIAS       added to outputs; 0 where an initialiser makes the weights
    SCALE      factors of features, as of a norm
    EMBEDDING  looked up by an index, one row each
    OTHER      anything else: positions, slopes, parameters of a module that is not known
    STATISTIC  updated by the forward pass in training rather than by the optimiser
    """

    BIAS = "bias"
    SCALE = "scale"
    EMBEDDING = "embedding"
    OTHER = "other"
    STATISTIC = "statistic"


@dataclass(frozen=True)
class Weight:
    """A weight, and how to read it as matrices (outputs, inputs).

    The elements of a kernel count as inputs, as an output is a sum over all of them.

    Attributes:
        inputs_first: True if the tensor is (inputs, outputs, …) rather than (outputs, inputs, …).
        groups: of a transposed convolution, whose tensor is (inputs, outputs / groups, …).
        blocks: matrices that the tensor holds, one below the other: gates, or query, key and value.
    """

    inputs_first: bool = False
    groups: int = 1
    blocks: int = 1

    def matrices(self, weights: torch.Tensor) -> Sequence[torch.Tensor]:
        """Views of stacked weights (copies, …) as matrices: (copies, outputs, inputs) each.

        >>> [tuple(m.shape) for m in Weight(blocks=3).matrices(torch.zeros(2, 12, 4))]
        [(2, 4, 4), (2, 4, 4), (2, 4, 4)]
        """
        if not self.inputs_first:
            return weights.flatten(2).chunk(self.blocks, dim=1)
        if weights.dim() == 3:
            return weights.transpose(1, 2).chunk(self.blocks, dim=1)
        grouped = weights.unflatten(1, (self.groups, -1)).flatten(4)
        return grouped.transpose(2, 3).flatten(1, 2).flatten(2).chunk(self.blocks, dim=1)

    def joined(self, matrices: Sequence[torch.Tensor], shape: Sequence[int]) -> torch.Tensor:
        """The weight (…) of one copy, of the given shape, from its matrices (outputs, inputs)."""
        whole = torch.cat(list(matrices))
        if not self.inputs_first:
            return whole.reshape(*shape).contiguous()
        inputs, outputs, *kernel = shape
        grouped = whole.reshape(self.groups, outputs, inputs // self.groups, *kernel)
        return grouped.transpose(1, 2).reshape(*shape).contiguous()


Role = Weight | Plain

_Rule = Callable[[nn.Module, str, torch.Tensor], Role]


def roles_of(module: nn.Module) -> dict[str, Role]:
    """The role of each parameter of a module, by the class of the module that owns it.

    A parameter that several modules share has the role that the first of them gives it. Parameters
    of classes other than those of `torch.nn` are `Plain.OTHER`.

    >>> roles_of(nn.Sequential(nn.Embedding(5, 4), nn.Linear(4, 3)))["1.weight"]
    Weight(inputs_first=False, groups=1, blocks=1)
    """
    roles: dict[str, Role] = {}
    known = dict(module.named_parameters())
    for prefix, owner in module.named_modules():
        rule = next((rule for classes, rule in _RULES if isinstance(owner, classes)), _other)
        for name, parameter in owner.named_parameters(recurse=False):
            full = f"{prefix}.{name}" if prefix else name
            if full in known:
                roles[full] = rule(owner, name, parameter)
    return {name: roles[name] for name in known}


def statistics_of(module: nn.Module) -> dict[str, Role]:
    """The running statistics of all batch norms and instance norms in a module, by name.

    >>> list(statistics_of(nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3))))
    ['1.running_mean', '1.running_var', '1.num_batches_tracked']
    """
    names = (
        f"{prefix}.{name}" if prefix else name
        for prefix, owner in module.named_modules()
        if isinstance(owner, _WITH_STATISTICS)
        for name, _ in owner.named_buffers(recurse=False)
    )
    return dict.fromkeys(names, Plain.STATISTIC)


def _linear(owner: nn.Module, _: str, parameter: torch.Tensor) -> Role:
    return Plain.BIAS if parameter is owner.bias else Weight()


def _transposed(owner: nn.Module, _: str, parameter: torch.Tensor) -> Role:
    if parameter is owner.bias:
        return Plain.BIAS
    assert isinstance(owner.groups, int)
    return Weight(inputs_first=True, groups=owner.groups)


def _norm(owner: nn.Module, _: str, parameter: torch.Tensor) -> Role:
    return Plain.BIAS if parameter is getattr(owner, "bias", None) else Plain.SCALE


def _embedding(_: nn.Module, __: str, ___: torch.Tensor) -> Role:
    return Plain.EMBEDDING


def _attention(owner: nn.Module, _: str, parameter: torch.Tensor) -> Role:
    if parameter is owner.in_proj_bias:
        return Plain.BIAS
    if parameter is owner.in_proj_weight:
        return Weight(blocks=3)
    # The key and the value that are added to each sequence (bias_k, bias_v) have three dimensions.
    return Weight() if parameter.dim() == 2 else Plain.OTHER


def _recurrent(owner: nn.Module, _: str, parameter: torch.Tensor) -> Role:
    if parameter.dim() < 2:
        return Plain.BIAS
    gates = 4 if isinstance(owner, nn.LSTM | nn.LSTMCell) else 3
    if not isinstance(owner, nn.LSTM | nn.LSTMCell | nn.GRU | nn.GRUCell):
        gates = 1
    # The projection of an LSTM's hidden state is one matrix.
    return Weight(blocks=gates if len(parameter) == gates * int(owner.hidden_size) else 1)  # pyright: ignore[reportArgumentType]


def _other(_: nn.Module, __: str, ___: torch.Tensor) -> Role:
    return Plain.OTHER


_WITH_STATISTICS = (
    *(nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.SyncBatchNorm),
    *(nn.InstanceNorm1d, nn.InstanceNorm2d, nn.InstanceNorm3d),
)
_NORMS = (
    *_WITH_STATISTICS,
    *(nn.LayerNorm, nn.GroupNorm, nn.RMSNorm),
)
_RULES: Sequence[tuple[tuple[type[nn.Module], ...], _Rule]] = (
    ((nn.Linear, nn.Bilinear, nn.Conv1d, nn.Conv2d, nn.Conv3d), _linear),
    ((nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d), _transposed),
    (_NORMS, _norm),
    ((nn.Embedding, nn.EmbeddingBag), _embedding),
    ((nn.MultiheadAttention,), _attention),
    ((nn.RNNBase, nn.RNNCellBase), _recurrent),
)
