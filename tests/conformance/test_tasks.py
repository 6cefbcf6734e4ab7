"""Every registered task must keep these; a new task is tested by being registered."""

from pathlib import Path

import pytest

from evo.tasks.base import Task, tasks
from evo.testing import TaskSuite


class TestTasks(TaskSuite):
    @pytest.fixture(params=tasks.names())
    def task(self, request: pytest.FixtureRequest, image_files: Path) -> Task:
        task = tasks.get(request.param)()
        task.prepare()
        return task
