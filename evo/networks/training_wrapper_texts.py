"""Texts of the wrappers around what trains: update rules, schedules, penalties of signals."""

_BEGINNING = """\
    def __init__(self, params: Any, lr: float = $rate, weight_decay: float = 0.0) -> None:
        super().__init__(params, {"lr": lr, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
"""
"""The beginning that both optimisers have."""

OPTIMIZER = (
    '''
class Optimizer(torch.optim.Optimizer):
    """The update rule as an optimiser of torch; its states are in `state_dict()`.

    The default rate is the one that training picked most often; it fell to 0 over training. Weight
    decay is decoupled, as in `AdamW`.
    """

'''
    + _BEGINNING
    + """\
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is None:
                    continue
                state = self.state[weight]
                if not state:
                    state["step"] = torch.zeros((), device=weight.device)
                    state["m"] = torch.zeros_like(weight).flatten()
                    state["v"] = torch.zeros_like(weight).flatten()
                state["step"] += 1
                gradient = weight.grad.flatten()
                step, state["m"], state["v"] = $function(
                    gradient, state["m"], state["v"], weight.flatten(), state["step"]$noise
                ).unbind()
                if group["weight_decay"]:
                    weight.mul_(1 - group["lr"] * group["weight_decay"])
                weight.sub_(group["lr"] * step.reshape(weight.shape))
        return loss
"""
)

MATRIX_OPTIMIZER = (
    '''
class MatrixOptimizer(torch.optim.Optimizer):
    """The update rule as an optimiser of torch; its states are in `state_dict()`.

    Parameters of two or more dimensions are matrices (outputs, inputs), as linear and convolutional
    layers hold them; all others are rows. The default rate is the one that training picked most
    often; it fell to 0 over training. Weight decay is decoupled, as in `AdamW`.
    """

'''
    + _BEGINNING
    + """\
        weights = [w for group in self.param_groups for w in group["params"] if w.grad is not None]
        if not weights:
            return loss
        norm = torch.stack([weight.grad.norm() for weight in weights]).norm()
        groups = {weight: group for group in self.param_groups for weight in group["params"]}
        for weight in weights:
            group = groups[weight]
            shape = (len(weight), -1) if weight.dim() > 1 else (1, -1)
            matrix = weight.reshape(shape)
            state = self.state[weight]
            if not state:
                state["step"] = torch.zeros((), device=weight.device)
                state["kept"] = torch.zeros_like(matrix).expand(3, *matrix.shape).clone()
            state["step"] += 1
            updated = $function(
                weight.grad.reshape(shape), *state["kept"], matrix, state["step"], norm$noise
            )
            state["kept"] = updated[1:].clone()
            if group["weight_decay"]:
                weight.mul_(1 - group["lr"] * group["weight_decay"])
            weight.sub_(group["lr"] * updated[0].reshape(weight.shape))
        return loss
"""
)

INFORMED_OPTIMIZER = {"noise": ", torch.randn_like(gradient)"}
INFORMED_MATRIX_OPTIMIZER = {"noise": ", torch.randn_like(matrix)"}

SCHEDULE = '''
class Schedule(torch.optim.lr_scheduler.LRScheduler):
    """The schedule over `total_steps` calls of `step()`; after the last one the rate stays."""

    def __init__($arguments) -> None:
        self.total_steps = total_steps
$batch        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        done = min(self.last_epoch, self.total_steps - 1) / self.total_steps
$step        factor = float($function($given)[0])
        return [rate * factor for rate in self.base_lrs]
'''
SCHEDULE_ARGUMENTS = "self, optimizer: Any, total_steps: int, last_epoch: int = -1"
PLAIN_SCHEDULE = {
    "arguments": SCHEDULE_ARGUMENTS,
    "batch": "",
    "step": "",
    "given": "torch.tensor([done])",
}
INFORMED_SCHEDULE = {
    "arguments": f"\n        {SCHEDULE_ARGUMENTS}, *, batch_size: int = 1\n    ",
    "batch": "        self.batch_size = batch_size\n",
    "step": """        step = torch.tensor([done * self.total_steps]).round()
        numbers = [torch.tensor(float(one)) for one in (self.total_steps, self.batch_size)]
""",
    "given": "torch.tensor([done]), step, *numbers",
}

ACTIVITY_REGULARIZER = '''
class ActivityRegularizer(nn.Module):
    """The penalty of what layers give for a batch, to be added to its training loss.

    Call it with what every activation gives, features last, and the outputs at the end. The
    strength is the one that training picked most often.$notes
    """

    def __init__(self, strength: float = $strength) -> None:
        super().__init__()
        self.strength = strength
$progress
    def forward(self, *signals: torch.Tensor$losses) -> torch.Tensor:
$penalties
        return self.strength * torch.stack(penalties).sum()
'''
PLAIN_ACTIVITY = {
    "notes": "",
    "progress": "",
    "losses": "",
    "penalties": "        penalties = [$function(y.flatten(0, -2)) for y in signals]",
}
INFORMED_ACTIVITY = {
    "notes": """ Losses of the samples are
    needed where it penalises their gradients.""",
    "progress": "        self.progress = 0.0  # set it, in [0, 1), as training goes on\n",
    "losses": ", losses: torch.Tensor | None = None",
    "penalties": """        slopes = [torch.zeros_like(y) for y in signals]
        if losses is not None:
            slopes = torch.autograd.grad(
                losses.sum(), signals, create_graph=True, allow_unused=True, materialize_grads=True
            )
        penalties = [
            $function(
                y.flatten(0, -2),
                slope.flatten(0, -2),
                *(y.new_tensor(float(one)) for one in (self.progress, number, len(signals))),
            )
            for number, (y, slope) in enumerate(zip(signals, slopes), 1)
        ]""",
}
