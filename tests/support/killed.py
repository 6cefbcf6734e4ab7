"""A death that nothing may catch."""


class Killed(BaseException):
    """Stands for SIGKILL: nothing may catch it and tidy up."""
