"""What the Dockerfile promises and can be read from it; no image is built here."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
LINES = (ROOT / "Dockerfile").read_text().replace("\\\n", " ").splitlines()
STEPS = [tuple(line.split(maxsplit=1)) for line in LINES if line and not line.startswith("#")]


def arguments(instruction: str) -> list[str]:
    return [rest for name, rest in STEPS if name == instruction]


def test_it_ends_as_a_user_that_is_not_root_and_was_made() -> None:
    (user,) = arguments("USER")

    made = re.search(r"useradd .*--uid (\d+) (\w+)", " ".join(arguments("RUN")))
    assert made is not None and made[2] == user and int(made[1]) > 0
    after = STEPS[STEPS.index(("USER", user)) :]
    assert not [step for step in after if step[0] in ("RUN", "COPY", "ADD")]


def test_it_copies_every_package_of_the_wheel_and_the_lock_that_it_installs_by() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    packages = project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    copied = {word for words in arguments("COPY") for word in words.split()[:-1]}

    assert set(packages) <= copied
    assert all((ROOT / name).exists() for name in copied)
    assert "--constraint requirements.lock" in " ".join(arguments("RUN"))
    extras = re.findall(r"'\.\[(.+?)\]'", " ".join(arguments("RUN")))
    assert set(extras[0].split(",")) <= project["project"]["optional-dependencies"].keys()


def test_its_python_is_one_that_the_project_supports() -> None:
    ((name, image),) = (rest.split("=") for rest in arguments("ARG"))
    assert arguments("FROM") == [f"${{{name}}}"]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    version = re.fullmatch(r"python:(\d+)\.(\d+)-slim-\w+", image)
    assert version is not None

    (lowest,) = re.findall(r">=3\.(\d+)", project["requires-python"])
    assert int(version[2]) >= int(lowest)
