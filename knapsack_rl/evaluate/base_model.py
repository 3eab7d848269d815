"""Evaluations of a base model, made once for all runs that start from it and ask the same of it.

Seeds of an evaluation do not depend on the run, so every such run would sample the same responses at step 0.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from knapsack_rl.base.layout import RunPaths
from knapsack_rl.base.seeding import digest
from knapsack_rl.config import RunConfig, evaluation_hash
from knapsack_rl.records import file_damage, model_files, read_table, sha256_of, table_of, write_sum, write_table


class BaseModelEvaluations:
    """Rows of step 0, kept beside the runs of a study under a digest of all they depend on.

    Args:
        config: the run.
        paths: its paths; the weights of step 0 are those of the base model.
    """

    def __init__(self, config: RunConfig, paths: RunPaths) -> None:
        self._config = config
        self._paths = paths

    def rows(self, schema: pa.Schema, problems: Path, *, make: Callable[[], Iterable[Mapping[str, Any]]]) -> pa.Table:
        """The rows of this run at step 0: found, or made and left for the runs to come.

        Two runs that get here at once both make them, and the same; neither waits for the other.

        Args:
            schema: of the rows; ``run_id`` is the only column that differs between runs.
            problems: file of the problems that are asked.
            make: samples and judges; called only if the rows are not there, or the file is damaged.
        """
        if not self._paths.weights(0).is_dir():
            return table_of(make(), schema)  # which says what is missing
        path = self._paths.base_evaluation(self._key(problems))
        if any(file_damage(path)):  # or not there yet
            write_table(path, table_of(make(), schema))
            write_sum(path)
        found = read_table(path, schema)
        place = schema.get_field_index("run_id")
        named = pa.array([self._config.run_id] * found.num_rows, type=schema.field(place).type)
        return found.set_column(place, schema.field(place), named)

    def _key(self, problems: Path) -> str:
        config = self._config
        parts = {
            "evaluation": evaluation_hash(config),
            "probe": config.evaluation.probe.model_dump(mode="json"),
            "prompt": config.model.prompt.model_dump(mode="json"),
            "sampler": config.sampler.model_dump(mode="json"),
            "dtype": config.learner.dtype,
            "as_in_training": [config.train.temperature, config.train.max_response_tokens],
            "code_version": config.code_version,
            "problems": sha256_of(problems),
            "weights": {path.name: sha256_of(path) for path in model_files(self._paths.weights(0))},
        }
        return digest(json.dumps(parts, sort_keys=True))
