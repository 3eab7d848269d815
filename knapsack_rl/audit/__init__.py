"""Rollout logs of any trainer, audited: what carried a gradient, and what uneven budgets would have made of the run.

``fields``, ``files``, ``values`` and ``reading`` turn a log into columns, ``repeats`` and ``groups`` into groups;
``replay`` asks strategies what they would have given, ``gain`` what that would have been worth, ``training`` what was
wasted; ``verdict`` and ``page`` put it into words. numpy and pyarrow; may import allocation and what lies below it.
"""

from knapsack_rl.audit.fields import LogFields
from knapsack_rl.audit.gain import Estimate, Gain
from knapsack_rl.audit.page import markdown_page
from knapsack_rl.audit.result import Audit, Replayed
from knapsack_rl.audit.run import AuditOptions, audit
from knapsack_rl.audit.training import Window

__all__ = [
    "Audit",
    "AuditOptions",
    "Estimate",
    "Gain",
    "LogFields",
    "Replayed",
    "Window",
    "audit",
    "markdown_page",
]
