"""A network made of any `torch.nn.Module`: copies train side by side under `torch.func.vmap`.

A component takes the place of the model's own activations or norms; all else is the model's. Which
way a weight lies and what a bias is follows from the module that owns the parameter (`roles_of`).
Where vmap does not take a model, its copies are computed one after another, with the same results.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import torch
from torch import nn

from evo.core.learnables import FeatureCounts
from evo.networks.activation_calls import places_of_calls
from evo.networks.attention import AttentionPlace, calls_attention
from evo.networks.base import Network, Parameters
from evo.networks.built import built, expect_tensor
from evo.networks.in_place import fork_rng, note_writes
from evo.networks.parts import Parts
from evo.networks.placeholders import (
    ACTIVATIONS,
    NORMS,
    ActivationPlace,
    NormPlace,
    Place,
    Placeholder,
    is_at,
    relied_on,
)
from evo.networks.roles import Role, roles_of, statistics_of


@dataclass(frozen=True)
class ModuleNetwork(Network):
    """Copies of a model that a function builds.

    The model is in training mode where gradients are taken, else in evaluation mode. What it draws
    at random follows from the seeds: `initialise` sets torch's global generator.

    Attributes:
        make_model: builds the model, with chance from torch's global generator. It maps a batch
            (n, …) of the task's samples to (n, outputs).
        activations: where an activation stands, be it a module or a function that is called.
        norms: where a normalisation stands; it works on the features of each sample and place: the
            last dimension, or the second one where the model's own norm has its features there.
        attentions: modules in which torch's attention is called, besides those with a method of
            their own that calls `F.scaled_dot_product_attention`.
        said: roles by name, of parameters that are not those of `torch.nn` layers, and of buffers
            that the forward pass updates in training (`Plain.STATISTIC`).
    """

    make_model: Callable[[], nn.Module]
    activations: Sequence[Place] = ACTIVATIONS
    norms: Sequence[Place] = NORMS
    attentions: Sequence[Place] = ()
    said: Mapping[str, Role] = field(default_factory=dict[str, Role])

    def initialise(
        self,
        inputs: tuple[int, ...],  # noqa: ARG002 - the model's own function knows them
        outputs: int,  # noqa: ARG002
        generator: torch.Generator,
    ) -> Parameters:
        """The parameters of a new model, built with a seed that the generator draws."""
        seed = int(torch.randint(2**62, (), generator=generator))
        with torch.random.fork_rng(devices=()):
            torch.manual_seed(seed)
            model = self._made()
        torch.manual_seed(seed)  # what dropout draws must not depend on earlier trainings
        values = dict(model.named_parameters()) | dict(model.named_buffers())
        return {name: values[name].detach().clone() for name in self._roles}

    def roles(self) -> Mapping[str, Role]:
        """By the class of the module that owns a parameter, unless `said` says otherwise."""
        return self._roles

    def feature_counts(self, inputs: tuple[int, ...]) -> FeatureCounts:  # noqa: ARG002 - any inputs will do
        """Every place of an activation, and every norm with the size of its last dimension."""
        return FeatureCounts(
            activations={place.layer: 1 for place in self._places(ActivationPlace)},
            norms={place.layer: place.features for place in self._places(NormPlace)},
            attentions=dict.fromkeys((place.layer for place in self._attentions), 1),
        )

    def forward(self, parameters: Parameters, inputs: torch.Tensor, parts: Parts) -> torch.Tensor:
        """The outputs of all copies, (copies, batch, outputs): in one pass, or one by one."""
        self._note_writes(parameters, inputs)
        model = self._model.train(torch.is_grad_enabled())
        places = [*self._places(Placeholder), *self._attentions]
        shared = self._shared(inputs.device)

        state, is_noting = parts.state, parts.state.signals is not None

        def alone(of_copy: Parameters, samples: torch.Tensor) -> list[torch.Tensor]:
            for place in places:
                place.use(parts, of_copy)
            of_model = {name: of_copy[name] for name in self._roles}
            state.signals = [] if is_noting else None
            outputs = _called(model, of_model, shared, samples)
            return [outputs, *(part for signal in state.signals or [] for part in signal)]

        # vmap hides signals of single copies from an observer, and from gradients by them.
        must_see = parts.observe is not None or parts.activity_sees_gradients
        if not must_see and not self._reason_to_loop(parameters, inputs):
            outputs, *signals = torch.func.vmap(alone, randomness="different")(parameters, inputs)
            state.signals = [[signal] for signal in signals] if is_noting else None
            return outputs
        outputs, *signals = _one_by_one(alone, parameters, inputs)
        state.signals = signals if is_noting else None
        return torch.stack([*outputs])

    def _shared(self, device: torch.device) -> Parameters:
        """Buffers that all copies share, such as a mask."""
        buffers = self._model.named_buffers()
        return {name: value.to(device) for name, value in buffers if name not in self._roles}

    @property
    def summary(self) -> str:
        """The number of places where a component may stand."""
        kinds = ActivationPlace, NormPlace
        activations, norms = (len(list(self._places(kind))) for kind in kinds)
        return f"a model of the task's own with {activations} activations and {norms} norms"

    def remark(self) -> str:
        """Reasons why copies train one after another or no component fits a place; else empty."""
        remarks: list[str] = []
        if reason := vars(self).get("_reason", ""):
            remarks.append(f"copies train one after another, since torch.func.vmap fails: {reason}")
        if layers := [place.layer for place in self._places(Placeholder) if place.is_relied_on]:
            remarks.append(relied_on(layers))
        return "; ".join(remarks)

    def _note_writes(self, parameters: Parameters, inputs: torch.Tensor) -> None:
        """Find out, once per process, what the model writes into; it depends on no component."""
        if "_writes_noted" in vars(self):
            return
        vars(self)["_writes_noted"] = True
        for place in (*self._places(Placeholder), *self._attentions):
            place.use(Parts(), {})
        of_copy = {name: parameters[name][0] for name in self._roles}
        places = list(self._places(Placeholder))
        note_writes(self._model, places, of_copy, self._shared(inputs.device), inputs[0])

    def _reason_to_loop(self, parameters: Parameters, inputs: torch.Tensor) -> str:
        """Reason why copies cannot be computed side by side; empty where they can.

        It is found out once per process, by the model with its own activations, so that it depends
        on no component.
        """
        if "_reason" in vars(self):
            return vars(self)["_reason"]
        leaves = self.leaves({name: parameters[name][:1] for name in self._roles})
        shared = self._shared(inputs.device)

        def alone(of_copy: Parameters, samples: torch.Tensor) -> torch.Tensor:
            for place in (*self._places(Placeholder), *self._attentions):
                place.use(Parts(), {})
            return torch.func.functional_call(self._model, (of_copy, shared), (samples,))

        reason = ""
        trained = [value for value in leaves.values() if value.requires_grad]
        with fork_rng(inputs), torch.enable_grad():
            try:
                outputs = torch.func.vmap(alone, randomness="different")(leaves, inputs[:1, :2])
                torch.autograd.grad(outputs.sum(), trained, allow_unused=True)
            except Exception as error:  # noqa: BLE001 - vmap raises anything
                reason = str(error).strip().partition("\n")[0][:200] or type(error).__name__
        vars(self)["_reason"] = reason
        return reason

    @cached_property
    def _model(self) -> nn.Module:
        """The model whose structure all copies share."""
        with torch.random.fork_rng(devices=()):
            model = self._made()
        vars(self)["_calls"] = places_of_calls(model, self.activations)
        has_attention = any(calls_attention(module) for module in model.modules())
        if not has_attention and not list(self._places(Placeholder, model)):
            classes = sorted({type(module).__name__ for module in model.modules()})
            raise ValueError(
                "expected a module that is an activation or a norm, by class or name, or one that "
                "calls an activation such as F.relu in a method of its own, got none among "
                f"{', '.join(classes)}"
            )
        return model

    @cached_property
    def _attentions(self) -> list[AttentionPlace]:
        """The places of attention in the model."""
        return [
            AttentionPlace(name, module)
            for name, module in self._model.named_modules()
            if calls_attention(module) or is_at(name, module, self.attentions)
        ]

    @cached_property
    def _roles(self) -> dict[str, Role]:
        names = [*dict(self._model.named_parameters()), *dict(self._model.named_buffers())]
        said = {name: self.said.get(name.replace(".own.", ".")) for name in names}
        return (
            roles_of(self._model)
            | statistics_of(self._model)
            | {name: role for name, role in said.items() if role is not None}
        )

    def _places(
        self, kind: type[Placeholder], model: nn.Module | None = None
    ) -> Iterator[Placeholder]:
        for module in (*(model or self._model).modules(), *vars(self)["_calls"]):
            if isinstance(module, kind):
                yield module

    def _made(self) -> nn.Module:
        """A new model with placeholders."""
        return self._placed(built(self.make_model))

    def _placed(self, model: nn.Module) -> nn.Module:
        """The model with a placeholder around each module where a component may stand."""
        modules = dict(model.named_modules(remove_duplicate=False))  # one may have several names
        filled: set[tuple[nn.Module, str]] = set()
        for full, module in modules.items():
            prefix, _, name = full.rpartition(".")
            owner = modules[prefix]
            if not full or (owner, name) in filled:
                continue
            filled.add((owner, name))
            if is_at(full, module, self.activations):
                setattr(owner, name, ActivationPlace(full, module))
            elif is_at(full, module, self.norms) and not self._holds_activation(full, module):
                setattr(owner, name, NormPlace(full, module))
            if isinstance(module, nn.TransformerEncoder):
                module.use_nested_tensor = False  # which attention takes only where nobody watches
        return model.train()

    def _holds_activation(self, name: str, module: nn.Module) -> bool:
        """True for a norm with an activation in it, which would go with the norm."""
        return any(
            is_at(f"{name}.{inner}", part, self.activations) or isinstance(part, ActivationPlace)
            for inner, part in module.named_modules()
            if inner
        )


def _one_by_one(
    alone: Callable[[Parameters, torch.Tensor], list[torch.Tensor]],
    parameters: Parameters,
    inputs: torch.Tensor,
) -> list[Sequence[torch.Tensor]]:
    """Outputs of all copies, then each signal."""
    copies = zip(*(values.unbind() for values in parameters.values()), strict=True)
    given = [
        alone(dict(zip(parameters, copy, strict=True)), samples)
        for copy, samples in zip(copies, inputs, strict=True)
    ]
    return list(zip(*given, strict=True))


def _called(
    model: nn.Module, of_copy: Parameters, shared: Parameters, samples: torch.Tensor
) -> torch.Tensor:
    """The outputs of one copy.

    Args:
        model: whose structure the copy has.
        of_copy: parameters and running statistics of the copy; the latter are updated in place.
        shared: buffers of all copies.
        samples: (batch, …).

    Raises:
        ValueError: it changes a buffer that copies share, or puts another tensor in its place.
    """
    given = of_copy | shared
    passed, versions = dict(given), _versions(shared)
    outputs = expect_tensor(torch.func.functional_call(model, passed, (samples,)))
    for name, _ in model.named_buffers():
        if passed[name] is not given[name]:  # torch puts back what the pass leaves in their place
            raise ValueError(
                f"the forward pass puts another tensor in the place of buffer {name!r}, which "
                f"would be lost; write into it instead: self.{name}.copy_(…)"
            )
    for name, old, now in zip(shared, versions, _versions(shared), strict=True):
        if now != old:
            raise ValueError(
                f"the forward pass writes into buffer {name!r}, which copies share; give each its "
                f"own: said={{{name!r}: Plain.STATISTIC}}, from evo.networks.roles"
            )
    return outputs


def _versions(values: Parameters) -> list[int]:
    """Number of writes into each tensor."""
    return [value._version for value in values.values()]  # pyright: ignore[reportPrivateUsage] - autograd's own count
