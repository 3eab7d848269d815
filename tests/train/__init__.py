"""Runs of the trainer on fakes."""
