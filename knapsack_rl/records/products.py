"""Names of what the analysis makes, so that the workflow can ask for files without loading pandas."""

FIGURE_NAMES = ("zero_gradient", "compute_curves", "benchmarks", "allocation")
"""Figures, in the order a reader meets them; each is written as PNG and PDF."""

TABLE_NAMES = ("differences", "zero_gradient", "benchmarks", "compute", "runs")
"""Result tables, in the order a reader meets them; each is written as CSV and Markdown."""
