"""The MCP server, over standard input and output and in this process, and the official client."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import no_training
import pytest
from support.command import call_evo
from support.profiles import heavy

if TYPE_CHECKING:  # importing it takes a twentieth of all collection
    from mcp.client import Client

pytestmark = pytest.mark.skipif(find_spec("mcp") is None, reason="needs the extra mcp")
READING = {"list_campaigns", "status", "candidates", "show_component", "front", "compare"}


@pytest.fixture(scope="module")
def runs(tmp_path_factory) -> Path:
    """A folder with two small campaigns."""
    folder = tmp_path_factory.mktemp("agents") / "runs"
    for name, seed in (("one", 3), ("two", 4)):
        settings = (f"seed={seed}", "population=6", "offspring=8", "trainings=4", "generations=1")
        with no_training.create(folder / name, no_training.configure(settings)) as history:
            no_training.run(history, lambda _: None)
    return folder


def ask_process(runs: Path, work: Callable[["Client"], Awaitable[None]]) -> None:
    """Let a client talk to a server of its own, the command `evo mcp`."""
    from mcp.client.stdio import StdioServerParameters, stdio_client

    command = StdioServerParameters(command=sys.executable, args=["-m", "evo", "mcp", str(runs)])
    ask(stdio_client(command), work)


def ask(server: Any, work: Callable[["Client"], Awaitable[None]]) -> None:
    """Let a client talk to a server, in this process or by a transport."""
    from mcp.client import Client

    async def talk() -> None:
        async with Client(server) as client:
            await work(client)

    asyncio.run(talk())


async def answer(client: "Client", tool: str, **arguments: Any) -> Any:
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, result.content
    structured: Any = result.structured_content
    return structured.get("result", structured)


@pytest.mark.parametrize("reach", ["in this process", *heavy(("as a command",))])
def test_an_agent_finds_campaigns_and_reads_them_and_may_change_nothing(runs, reach) -> None:
    from evo.commands.agents.server import server

    before = sorted(path.read_bytes() for path in runs.rglob("*") if path.is_file())

    async def work(client: "Client") -> None:
        tools = (await client.list_tools()).tools
        assert {tool.name for tool in tools} == READING
        assert all(tool.annotations and tool.annotations.read_only_hint for tool in tools)
        assert all(
            tool.description and "self" not in json.dumps(tool.input_schema) for tool in tools
        )

        campaigns = await answer(client, "list_campaigns")
        assert {one["name"]: one["state"] for one in campaigns} == {
            "one": "finished",
            "two": "finished",
        }
        assert (await answer(client, "status", run="one"))["evaluated"] == 4
        listed = await answer(client, "candidates", run="one", limit=2)
        assert (listed["matching"], len(listed["candidates"])) == (4, 2)
        best = listed["candidates"][0]
        shown = await answer(client, "show_component", run="one", component=best["id"][:8])
        assert "def activation" in shown["source"]
        assert "trials" not in shown["score"]
        front = await answer(client, "front", run="one")
        assert best["id"] in {member["id"] for member in front["front"]}
        assert await answer(client, "compare", run="one", other="two")

    if reach == "as a command":
        ask_process(runs, work)
    else:
        ask(server(runs, allows_control=False), work)
    assert sorted(path.read_bytes() for path in runs.rglob("*") if path.is_file()) == before


def test_control_is_offered_where_allowed_and_errors_are_words_to_read(runs) -> None:
    from evo.commands.agents.server import server

    async def work(client: "Client") -> None:
        assert {tool.name for tool in (await client.list_tools()).tools} == READING | {"steer"}
        done = await answer(
            client, "steer", run="two", command="generations", arguments=["+2"], key="more"
        )
        assert done["changed"]
        assert (await answer(client, "status", run="two"))["generations"] == 3
        for run in ("../runs/one", "tow", str(runs / "one")):
            refused = await client.call_tool("status", {"run": run})
            assert refused.is_error
            assert "Unknown campaign" in json.dumps([part.model_dump() for part in refused.content])

    ask(server(runs, allows_control=True), work)


def test_the_command_offers_control_only_where_it_is_allowed(
    runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    served: list[tuple[Path, bool]] = []

    class Served:
        def run(self, transport: str) -> None:
            assert transport == "stdio"

    def serve(folder: Path, *, allows_control: bool) -> Served:
        served.append((folder, allows_control))
        return Served()

    monkeypatch.setattr("evo.commands.agents.server.server", serve)
    for options in ((), ("--allow-control",)):
        assert call_evo("mcp", str(runs), *options, cwd=runs).code == 0

    assert served == [(runs, False), (runs, True)]
