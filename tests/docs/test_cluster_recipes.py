"""The recipes of the guide's page on clusters, as far as they can be read without a cluster."""

import re
import subprocess
import tomllib
from typing import Any

import pytest
import yaml
from markdown_blocks import ROOT, blocks_of

PAGE = "docs/guide/cluster.md"


@pytest.fixture
def cluster() -> dict[str, Any]:
    """The resource of KubeRay."""
    (block,) = blocks_of(PAGE, "yaml")
    return yaml.safe_load(block.text)["spec"]


def containers(cluster: dict[str, Any]) -> list[tuple[dict[str, Any], dict[str, str]]]:
    """Each container, and the parameters of its `ray start`."""
    groups = [cluster["headGroupSpec"], *cluster["workerGroupSpecs"]]
    return [
        (container, group["rayStartParams"])
        for group in groups
        for container in group["template"]["spec"]["containers"]
    ]


def test_every_container_has_probes_of_ports_that_ray_opens_in_the_image(
    cluster: dict[str, Any],
) -> None:
    # KubeRay's own ask the dashboard's agent, which needs ray[default].
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert [name.partition(">")[0] for name in project["optional-dependencies"]["ray"]] == ["ray"]

    for container, start in containers(cluster):
        ports = {
            container[f"{name}Probe"]["tcpSocket"]["port"] for name in ("liveness", "readiness")
        }
        assert ports == {int(start.get("node-manager-port", "6379"))}


def test_the_volume_belongs_to_the_user_of_the_image(cluster: dict[str, Any]) -> None:
    (user,) = re.findall(r"--uid (\d+)", (ROOT / "Dockerfile").read_text())

    assert cluster["headGroupSpec"]["template"]["spec"]["securityContext"]["fsGroup"] == int(user)


def test_the_version_of_ray_is_that_of_the_image(cluster: dict[str, Any]) -> None:
    (locked,) = re.findall(r"^ray==([\d.]+)", (ROOT / "requirements.lock").read_text(), re.M)

    assert cluster["rayVersion"] == locked


def test_both_clusters_ask_for_a_token(cluster: dict[str, Any]) -> None:
    (script,) = [block.text for block in blocks_of(PAGE, "sh") if "#SBATCH" in block.text]

    assert cluster["authOptions"] == {"mode": "token"}
    assert "RAY_AUTH_MODE=token" in script


def test_the_script_of_slurm_is_one_that_bash_reads() -> None:
    (script,) = [block.text for block in blocks_of(PAGE, "sh") if "#SBATCH" in block.text]

    checked = subprocess.run(
        ["bash", "-n"], input=script, capture_output=True, text=True, check=False
    )
    assert (checked.returncode, checked.stderr) == (0, "")
