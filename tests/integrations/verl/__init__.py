"""Tests with verl's own classes on a CPU."""
