"""Entry point of the group ``verl.plugins``, and module for ``VERL_USE_EXTERNAL_MODULES``: registers the trainer.

verl loads entry points while it is itself being imported and swallows whatever they raise, at debug level; so a
failure is written to standard error first.
"""

import sys

from knapsack_rl.integrations.verl.versions import installed_version

try:
    installed_version()
    from knapsack_rl.integrations.verl.trainer import KnapsackTrainer
except Exception as error:
    sys.stderr.write(f"knapsack_rl is NOT active in verl: {error}\n")
    raise

__all__ = ["KnapsackTrainer"]
