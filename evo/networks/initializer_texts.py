"""Texts of the functions around an initialiser, see `evo.networks.wrapper_texts`.

One that sees what layers receive runs the model on a batch, with the code of `FirstInputs`.
"""

import inspect

from evo.networks.first_inputs import FirstInputs

WEIGHT_LAYERS = '''
_TRANSPOSED = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)
_PLAIN = (nn.Linear, nn.Bilinear, nn.Conv1d, nn.Conv2d, nn.Conv3d)
_RECURRENT = (nn.RNNBase, nn.RNNCellBase)


def _blocks(layer: nn.Module, name: str) -> int:
    """Number of matrices that a parameter of a layer holds, one below the other; 0 for none."""
    if isinstance(layer, (*_PLAIN, *_TRANSPOSED)):
        return int(name == "weight")
    if isinstance(layer, nn.MultiheadAttention):
        return 3 if name == "in_proj_weight" else int(name.endswith("_proj_weight"))
    if isinstance(layer, _RECURRENT) and name.startswith("weight"):
        gates = 4 if isinstance(layer, (nn.LSTM, nn.LSTMCell)) else 1
        gates = 3 if isinstance(layer, (nn.GRU, nn.GRUCell)) else gates
        return 1 if name.startswith("weight_hr") else gates
    return 0


def _matrices(layer: nn.Module, weight: torch.Tensor, blocks: int) -> Any:
    """A weight as matrices (outputs, inputs); the elements of a kernel are inputs."""
    if isinstance(layer, _TRANSPOSED):  # (inputs, outputs / groups, kernel)
        grouped = weight.unflatten(0, (layer.groups, -1)).transpose(1, 2)
        return [grouped.flatten(0, 1).flatten(1)]
    return weight.flatten(1).chunk(blocks)


'''

WATCHING = inspect.getsource(FirstInputs)
"""The class that shows what layers receive."""

FILLING = '''
def _fill(layer: nn.Module, weight: torch.Tensor, matrices: Any) -> None:
    """Write matrices (outputs, inputs) into a weight, one below the other."""
    whole = torch.cat(matrices)
    if isinstance(layer, _TRANSPOSED):
        inputs, outputs, *kernel = weight.shape
        parts = (layer.groups, outputs, inputs // layer.groups, *kernel)
        whole = whole.reshape(parts).transpose(1, 2)
    weight.copy_(whole.reshape(weight.shape))


def _has_matrices(layer: nn.Module) -> bool:
    return any(_blocks(layer, name) for name, _ in layer.named_parameters(recurse=False))
'''

INITIALIZER = '''
def initialize_weight(
    outputs: int, inputs: int, generator: torch.Generator | None = None$parameters_of_depth
) -> torch.Tensor:
    """The start of a weight matrix (outputs, inputs); the elements of a kernel are inputs."""
    z = torch.randn(outputs, inputs, generator=generator)
    return $function(z, torch.tensor(float(inputs)), torch.tensor(float(outputs))$depth)


@torch.no_grad()
def initialize_model(model: nn.Module, generator: torch.Generator | None = None) -> nn.Module:
    """Initialise a model in place: every matrix of its layers, and their biases to 0.

    Layers are linear, convolutional, transposed, attention and recurrent ones; embeddings, norms
    and parameters of other modules stay as they are.
    """
    known: set[int] = set()
$count    for layer in model.modules():
        for name, weight in layer.named_parameters(recurse=False):
            if id(weight) in known:  # two layers share it
                continue
            known.add(id(weight))
            if blocks := _blocks(layer, name):
$next                matrices = _matrices(layer, weight, blocks)
                _fill(layer, weight, [initialize_weight(*m.shape, $given) for m in matrices])
            elif weight.dim() == 1 and "bias" in name and _has_matrices(layer):
                weight.zero_()
    return model
'''

INFORMED_INITIALIZER = {
    "parameters_of_depth": ", *, layer: int = 1, layers: int = 1",
    "depth": ", torch.tensor(float(layer)), torch.tensor(float(layers))",
    "count": """    number = 0
    weights = {
        id(weight)
        for layer in model.modules()
        for name, weight in layer.named_parameters(recurse=False)
        if _blocks(layer, name)
    }
""",
    "next": """                number += 1
                given = {"generator": generator, "layer": number, "layers": len(weights)}
""",
    "given": "**given",
}

SEEING_INITIALIZER = '''
def initialize_weight(
    outputs: int,
    inputs: int,
    rows: torch.Tensor,
    generator: torch.Generator | None = None,
    *,
    layer: int = 1,
    layers: int = 1,
) -> torch.Tensor:
    """The start of a weight matrix (outputs, inputs) that multiplies rows (n, inputs)."""
    return _weight(torch.randn(outputs, inputs, generator=generator), rows, layer, layers)


def _weight(z: torch.Tensor, rows: torch.Tensor, layer: int, layers: int) -> torch.Tensor:
    outputs, inputs = z.shape
    numbers = [rows.new_tensor(float(number)) for number in (inputs, outputs, layer, layers)]
    return $function(z.to(rows), *numbers, rows)


@torch.no_grad()
def initialize_model(
    model: nn.Module, batch: Any, generator: torch.Generator | None = None
) -> nn.Module:
    """Initialise a model in place by what each layer receives on a batch of training data.

    The model runs once, in the mode it is in, on the batch: a tensor, or a tuple or dict of its
    arguments. Every matrix of its layers starts when it is first multiplied, and biases start at 0.
    Layers are linear, convolutional, transposed, attention and recurrent ones; embeddings, norms
    and parameters of other modules stay as they are, and so do running statistics.
    """
    known: set[int] = set()
    places = []
    for layer in model.modules():
        for name, weight in layer.named_parameters(recurse=False):
            if id(weight) in known:  # two layers share it
                continue
            known.add(id(weight))
            if blocks := _blocks(layer, name):
                places.append((layer, weight, blocks))
            elif weight.dim() == 1 and "bias" in name and _has_matrices(layer):
                weight.zero_()
    draws = [
        [torch.randn(m.shape, generator=generator) for m in _matrices(*place)] for place in places
    ]

    def show(place: int, block: int, rows: torch.Tensor) -> None:
        layer, weight, _ = places[place]
        matrices = list(_matrices(*places[place]))
        matrices[block] = _weight(draws[place][block], rows, place + 1, len(places)).to(weight)
        _fill(layer, weight, matrices)

    weights, counts = [place[1] for place in places], [place[2] for place in places]
    turned = [isinstance(layer, _TRANSPOSED) for layer, *_ in places]
    buffers = [(buffer, buffer.clone()) for buffer in model.buffers()]
    seen = FirstInputs(weights, counts, turned, show, generator=generator)
    with torch.random.fork_rng(devices=[]), seen:
        if isinstance(batch, dict):
            model(**batch)
        else:
            model(*(batch if isinstance(batch, tuple) else (batch,)))
    for buffer, kept in buffers:
        buffer.copy_(kept)
    if unseen := seen.unseen():
        unseen_ids = {id(weights[place]) for place in unseen}
        names = [name for name, weight in model.named_parameters() if id(weight) in unseen_ids]
        raise ValueError(
            f"what {', '.join(names)} multiplies cannot be seen: expected the model to take a "
            "product or a convolution with it"
        )
    return model
'''
