"""Sets of mathematical problems: where they come from, how they are read, cleaned and compared."""
