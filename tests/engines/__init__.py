"""Tests that start an inference engine."""
