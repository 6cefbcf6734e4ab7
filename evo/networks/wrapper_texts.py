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
