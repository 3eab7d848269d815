"""The JSON schema of a study file, generated from the typed configuration, for editors."""

import yaml

from knapsack_rl.config.study import StudyConfig

HEADER = "# Generated from knapsack_rl/config; after a change there run: knapsack-rl schema --write\n"


def schema_yaml() -> str:
    """JSON schema of ``StudyConfig`` as YAML, the text of ``workflow/schemas/config.schema.yaml``."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **StudyConfig.model_json_schema()}
    return HEADER + yaml.safe_dump(schema, sort_keys=False, width=120)
