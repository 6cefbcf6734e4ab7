from collections.abc import Sequence

from evo.campaign.endpoint_watch import EndpointWatch
from evo.core.messages import Exchange, Request


class Client:
    """A client whose models die and live again."""

    def __init__(self) -> None:
        self.dead: list[str] = []

    def ask(self, requests: Sequence[Request]) -> list[Exchange]:
        raise AssertionError(requests)


def test_a_model_that_dies_is_told_once_until_it_answers_again() -> None:
    client = Client()
    watch = EndpointWatch(client)

    assert list(watch(1)) == []
    client.dead = ["two", "one"]
    told = list(watch(2))
    assert [(event.generation, event.goes_on) for event in told] == [(2, True), (2, True)]
    assert "'one' is unavailable" in told[0].message
    assert list(watch(3)) == []
    client.dead = ["one"]
    assert list(watch(4)) == []
    client.dead = ["one", "two"]
    assert ["'two'" in event.message for event in watch(5)] == [True]
