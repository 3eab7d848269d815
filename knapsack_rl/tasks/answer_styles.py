"""How graders want the final answer, and whether a prompt template asks for it so."""

from knapsack_rl.base.errors import ConfigError
from knapsack_rl.tasks.templates import ANSWER_LINE, BARE_NUMBER, BOXED, get_template

STYLES = {"dapo": ANSWER_LINE, "boxed": BOXED, "number": BARE_NUMBER}
"""How a grader wants the final answer; one that is not named here reads any style."""


def check_style(name: str, key: str, *, grader: str) -> None:
    """Raise if a template asks for another style than the grader reads.

    Raises:
        ConfigError: it does, or it does not exist.
    """
    asked, wanted = get_template(name).answer_style, STYLES.get(grader)
    if asked and wanted and asked != wanted:
        raise ConfigError(
            f"prompt.{key}: {name!r} asks for the answer as {asked}, but the grader {grader!r} reads {wanted};"
            " choose a template and a grader (task.options) that go together"
        )
