"""Floor 0: the records that cross borders, errors, derived seeds and paths. Standard library only."""
