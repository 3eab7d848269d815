"""The lowest layer: shared data types, errors, derived seeds and paths. Standard library and numpy only."""
