"""Layer 3: one self-contained HTML page per study. May import ``analysis`` and the layers below it; jinja2."""

from knapsack_rl.report.build import build_report

__all__ = ["build_report"]
