"""Floor 1: tasks, each a prompt source and a scorer that share a grammar. May import ``base`` only."""

from knapsack_rl.tasks.registry import build_task, check_task, task_names
from knapsack_rl.tasks.task import Demonstration, Task, Verdict

__all__ = ["Demonstration", "Task", "Verdict", "build_task", "check_task", "task_names"]
