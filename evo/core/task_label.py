"""Short names of tasks for tables and titles."""


def task_label(name: str) -> str:
    r"""The name of a task, without the folders of one that is a file of the user.

    >>> task_label("digits"), task_label("/home/me/gpt/task.py"), task_label(r"C:\gpt\task.py")
    ('digits', 'task.py', 'task.py')
    """
    return name.replace("\\", "/").rpartition("/")[2]
