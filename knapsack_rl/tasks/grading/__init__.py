"""Graders: is the final answer of a response the reference answer? ``build_grader("boxed").grade_many(cases)``."""

from knapsack_rl.tasks.grading.grade import Case, Grade, Grader
from knapsack_rl.tasks.grading.registry import build_grader, grader_names

__all__ = ["Case", "Grade", "Grader", "build_grader", "grader_names"]
