"""Keeps transformers from loading scikit-learn where it is installed: 0.8 processor seconds per process, for nothing.

transformers imports it for one way of assisted generation, which is not used here. Has to come before its modules do.
"""

import transformers.utils


def _absent() -> bool:
    return False


transformers.utils.is_sklearn_available = _absent
