"""Options of small tasks over sets of reasoning-gym."""

SUMS = {
    "set": "chain_sum",
    "parameters": {"min_terms": 2, "max_terms": 3, "min_digits": 1, "max_digits": 1},
    "ask": "problem: (.*) =",
    "num_train": 40,
    "num_benchmark": 20,
}


def options(*families, **others):
    """Options with these families, the sums if none is given."""
    return {"families": list(families or (SUMS,)), **others}


def few(name, **parameters):
    """A family of four training problems and one on the benchmark."""
    return {"set": name, "parameters": parameters, "num_train": 4, "num_benchmark": 1}
