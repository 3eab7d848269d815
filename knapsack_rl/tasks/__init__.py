"""Tasks, each a prompt source and a scorer that share a grammar. May import ``base`` only."""

from knapsack_rl.tasks.grading import Grade, Grader, build_grader, grader_names
from knapsack_rl.tasks.needs import InFile, Library, Needs, OnHub
from knapsack_rl.tasks.options import TaskOptions
from knapsack_rl.tasks.preparation import OpenTokenizer, Preparation, plain_preparation
from knapsack_rl.tasks.registry import build_task, check_task, task_names
from knapsack_rl.tasks.task import UNKNOWN, Task
from knapsack_rl.tasks.verdict import Demonstration, Response, Verdict

__all__ = [
    "UNKNOWN",
    "Demonstration",
    "Grade",
    "Grader",
    "InFile",
    "Library",
    "Needs",
    "OnHub",
    "OpenTokenizer",
    "Preparation",
    "Response",
    "Task",
    "TaskOptions",
    "Verdict",
    "build_grader",
    "build_task",
    "check_task",
    "grader_names",
    "plain_preparation",
    "task_names",
]
