"""Names of what the analysis makes, so that the workflow can ask for files without loading pandas."""

FIGURE_NAMES = (
    "forest",
    "zero_gradient",
    "compute_curves",
    "benchmarks",
    "allocation",
    "gradient_split",
    "budgets",
    "concentration",
    "transitions",
    "beliefs",
    "drift",
    "theorem",
    "value",
)
"""Figures, in the order a reader meets them; each is written as PNG and PDF, and the data behind it as CSV."""

THEORY_FIGURES = ("theorem", "value")
"""Those that show no run, and so are the same for every model, budget and arm."""

TABLE_NAMES = (
    "differences",
    "replicates",
    "variance",
    "claims",
    "zero_gradient",
    "benchmarks",
    "compute",
    "evaluated",
    "runs",
    "data",
    "gradient_split",
    "budgets",
    "concentration",
    "transitions",
    "discovery",
    "beliefs",
    "drift",
    "first_epoch",
    "compute_to_reach",
    "tuned_uniform",
    "ablations",
    "cost",
    "tokens_by_difficulty",
    "theorem",
    "published",
    "paper_layout",
)
"""Result tables, in the order a reader meets them; each is written as CSV, Markdown and LaTeX."""
