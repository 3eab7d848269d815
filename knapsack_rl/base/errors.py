"""Errors a user can cause. The command line prints each as one line and exits with code 2.

Every class also inherits the matching standard error, so callers who know nothing of this package can catch it.
A bug of ours is an ``assert`` or an ordinary exception and keeps its traceback.
"""

EXIT_CODE = 2
INTERRUPTED = 130
"""Exit code after Ctrl-C."""
INSTALL_LARGE = "pip install -c requirements.lock -e '.[train,large]'"
"""Remedy where torchao is missing."""
CONTINUES = "the same command continues from the last saved state"


class KnapsackError(Exception):
    """Base of all errors that carry a message for the user: file or key, value, remedy, in one line."""

    def __str__(self) -> str:
        """The message with line breaks folded, so that it stays one line in a log."""
        return " ".join(str(super().__str__()).split())


class ConfigError(KnapsackError, ValueError):
    """A configuration key, value or combination that cannot be run."""


class InputError(KnapsackError, ValueError):
    """A file or value that a command was given and cannot use."""


class AllocationError(KnapsackError, ValueError):
    """Bounds and total that no allocation can meet, or beliefs that are not probabilities."""


class StateError(KnapsackError, RuntimeError):
    """Saved state that cannot be resumed: locked, truncated, or of another configuration."""


class TrainingError(KnapsackError, ArithmeticError):
    """A training step that cannot be finished."""


class DivergedError(TrainingError):
    """A number that must be finite is not: loss, gradient, weights, or a log-probability."""


class OutputError(KnapsackError, OSError):
    """A folder or file that cannot be written."""
