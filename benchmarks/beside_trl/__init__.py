"""TRL's ``GRPOTrainer`` beside ours: `python benchmarks/trl_comparison.py`."""
