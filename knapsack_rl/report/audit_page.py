"""An audit as one self-contained HTML page with pictures; it loads nothing from anywhere."""

from collections.abc import Callable, Mapping

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from matplotlib.figure import Figure

from knapsack_rl.analysis.drawing.style import house_style
from knapsack_rl.analysis.drawing.views import inline_svg
from knapsack_rl.audit import Audit
from knapsack_rl.audit.page import COUNTS, GAINS, TITLE, TRAINING, sections
from knapsack_rl.report.audit_pictures import draw_counts, draw_gains, draw_training

TEMPLATE = "audit.html.j2"


def html_page(found: Audit) -> str:
    """The page of `knapsack_rl.audit.markdown_page`, with a picture in each section that has something to draw."""
    environment = Environment(
        loader=PackageLoader("knapsack_rl.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = environment.get_template(TEMPLATE)
    return page.render(title=TITLE, verdict=found.verdict, sections=list(sections(found)), pictures=_pictures(found))


def _pictures(found: Audit) -> Mapping[str, Markup]:
    """By title of the section."""
    judged = [each for each in found.replayed if each.gain is not None]
    counted = [each for each in found.replayed if each.counts]
    wanted: dict[str, Callable[[], Figure]] = {}
    if len(found.windows) > 1:
        wanted[TRAINING] = lambda: draw_training(found)
    if judged:
        wanted[GAINS] = lambda: draw_gains(judged)
    if counted:
        wanted[COUNTS] = lambda: draw_counts(counted)
    with house_style():
        return {title: Markup(inline_svg(draw(), salt=title)) for title, draw in wanted.items()}  # noqa: S704 - our own
