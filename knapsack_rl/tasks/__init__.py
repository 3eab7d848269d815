"""Floor 1: tasks, each a prompt source and a scorer that share a grammar. May import ``base`` only."""

from knapsack_rl.tasks.grading import Grade, Grader, build_grader, grader_names
from knapsack_rl.tasks.registry import build_task, check_task, task_names
from knapsack_rl.tasks.task import UNKNOWN, Demonstration, Response, Task, Verdict

__all__ = [
    "UNKNOWN",
    "Demonstration",
    "Grade",
    "Grader",
    "Response",
    "Task",
    "Verdict",
    "build_grader",
    "build_task",
    "check_task",
    "grader_names",
    "task_names",
]
