"""Texts of the wrappers around components, and the fields in which informed ones differ.

`$function` is the component's name; the other fields are filled by `evo.networks.wrappers`.
"""

ACTIVATION = '''
class Activation(nn.Module):
    """The activation as a module; learned numbers, where it has some, are its parameters."""

    def __init__(self$features_argument) -> None:
        super().__init__()
$parameters
    def forward(self, x: torch.Tensor) -> torch.Tensor:
$draw        return $function(x$learned$noise)
'''

_NOISE = ", noise, is_training"


def _drawn_like(signal: str) -> str:
    """Lines that draw the noise of an informed component in training."""
    return f"""        like = torch.randn_like if self.training else torch.zeros_like
        noise, is_training = like({signal}), x.new_tensor(float(self.training))
"""


INFORMED_ACTIVATION = {"draw": _drawn_like("x"), "noise": _NOISE}
INFORMED_GATED_ACTIVATION = {"draw": _drawn_like("gate"), "noise": _NOISE}
PLAIN_PREPROCESSOR = {"draw": "", "noise": "", "rows": "x.flatten(1)"}
INFORMED_PREPROCESSOR = {
    "draw": "        rows = x.flatten(1)\n" + _drawn_like("rows"),
    "noise": _NOISE,
    "rows": "rows",
}

ATTENTION = '''
class Attention(nn.Module):
    """Attention in the place of `F.scaled_dot_product_attention`, with queries (..., n, features).

    Learned numbers, where it has some, are its parameters.
    """

    def __init__(self) -> None:
        super().__init__()
$parameters
    def forward(
        self,
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        is_causal: bool = False,
    ) -> torch.Tensor:
        scores = query @ key.transpose(-2, -1) / query.shape[-1] ** 0.5
        if not is_causal:
            return self.weights(scores) @ value
        keys = scores.shape[-1]
        rows = [self.weights(scores[..., n, : n + 1]) for n in range(scores.shape[-2])]
        return torch.stack([F.pad(row, (0, keys - row.shape[-1])) for row in rows], -2) @ value

    def weights(self, scores: torch.Tensor) -> torch.Tensor:
        """Weights of the keys that a query may see, of the shape of their scores (..., keys)."""
        x = scores.reshape(-1, scores.shape[-1])
$draw        return $function(x$learned$noise).reshape(scores.shape)
'''

GATED_ACTIVATION = '''
class GatedActivation(nn.Module):
    """The activation of a layer twice as wide: gates in the first half of the last dimension."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        gate, value = x.chunk(2, dim=-1)
$draw        return $function(gate, value$noise)
'''

NORMALIZATION = '''
class Normalization(nn.Module):
    """The normalisation over the last dimension, as `nn.LayerNorm(features)` is used."""

    def __init__(self, features: int) -> None:
        super().__init__()
$parameters$buffers
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        rows = x.reshape(-1, x.shape[-1])
$measure        return $function(rows$learned$statistics).reshape(x.shape)
'''
INFORMED_NORMALIZATION = {
    "buffers": """        self.register_buffer("running_mean", torch.zeros(features))
        self.register_buffer("running_variance", torch.ones(features))
""",
    "measure": """        mean, variance = self.running_mean, self.running_variance
        if self.training:
            variance, mean = torch.var_mean(rows, dim=0, correction=0)
            self.running_mean.lerp_(mean.detach(), 0.1)
            self.running_variance.lerp_(variance.detach(), 0.1)
""",
    "statistics": ", mean, variance",
}

PREPROCESSOR = '''
class Preprocessor(nn.Module):
    """The preprocessor on samples (n, ...), each flattened and reshaped back."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
$draw        return $function($rows$noise).reshape(x.shape)
'''

LOSS = '''
class Loss(nn.Module):
    """The mean loss, in the place of `nn.CrossEntropyLoss()`.

    Targets are class indices (n,), or one-hot floats of the shape of the logits.$notes
    """
$init
    def forward($further) -> torch.Tensor:
        if targets.dim() < logits.dim():
            targets = F.one_hot(targets, logits.shape[-1]).to(logits.dtype)
        return $losses.mean()
$methods'''
INFORMED_LOSS = {
    "notes": """

    Args:
        counts: training samples of each class, (classes,); by default as many of each.

    Set `progress`, in [0, 1), as training goes on. A loss of a teacher or of features
    takes the teacher's logits, in training those of averaged weights, and what the last activation
    gave.""",
    "further": """
        self,
        logits: torch.Tensor,
        targets: torch.Tensor,
        teacher: torch.Tensor | None = None,
        features: torch.Tensor | None = None,
    """,
    "init": """
    def __init__(self, counts: torch.Tensor | None = None) -> None:
        super().__init__()
        self.counts = counts
        self.progress = 0.0
""",
    "losses": """$function(
            logits,
            targets,
            self._counts(logits),
            logits.new_tensor(self.progress),
            logits.detach() if teacher is None else teacher,
            torch.zeros_like(logits) if features is None else features.flatten(1),
        )""",
    "methods": """
    def _counts(self, logits: torch.Tensor) -> torch.Tensor:
        if self.counts is None:
            return torch.ones_like(logits[0])
        return self.counts.to(logits).clamp(min=1)
""",
}

LAYERS = '''
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
                whole = torch.cat([initialize_weight(*m.shape, $given) for m in matrices])
                if isinstance(layer, _TRANSPOSED):
                    inputs, outputs, *kernel = weight.shape
                    parts = (layer.groups, outputs, inputs // layer.groups, *kernel)
                    whole = whole.reshape(parts).transpose(1, 2)
                weight.copy_(whole.reshape(weight.shape))
            elif weight.dim() == 1 and "bias" in name and _has_matrices(layer):
                weight.zero_()
    return model


def _has_matrices(layer: nn.Module) -> bool:
    return any(_blocks(layer, name) for name, _ in layer.named_parameters(recurse=False))
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

REGULARIZER = '''
class Regularizer(nn.Module):
    """The penalty of a model's weights, to be added to its training loss.

    It is the sum over the matrices (outputs, inputs) of linear, convolutional, transposed,
    attention and recurrent layers; biases, norms and embeddings are left out. The strength is the
    one that training picked most often.
    """

    def __init__(self, strength: float = $strength) -> None:
        super().__init__()
        self.strength = strength
$progress
    def forward(self, model: nn.Module) -> torch.Tensor:
        weights = {
            id(weight): _matrices(layer, weight, blocks)
            for layer in model.modules()
            for name, weight in layer.named_parameters(recurse=False)
            if (blocks := _blocks(layer, name))
        }
$penalties
        return self.strength * torch.stack(penalties).sum()
'''
PLAIN_REGULARIZER = {
    "progress": "",
    "penalties": (
        "        penalties = "
        "[$function(matrix) for matrices in weights.values() for matrix in matrices]"
    ),
}
INFORMED_REGULARIZER = {
    "progress": "        self.progress = 0.0  # set it, in [0, 1), as training goes on\n",
    "penalties": """        every = [matrix for matrices in weights.values() for matrix in matrices]
        penalties = [
            $function(
                matrix,
                torch.randn_like(matrix),
                *(matrix.new_tensor(float(one)) for one in (self.progress, number, len(every))),
            )
            for number, matrix in enumerate(every, 1)
        ]""",
}
