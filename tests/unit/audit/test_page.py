"""The page: its verdict is never stronger than its intervals, and the example of docs/audit.md is run as printed."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from trainer_logs import plain_rows, rollout, write_lines

from knapsack_rl.audit import Estimate, Gain, Replayed, audit, markdown_page
from knapsack_rl.audit.verdict import verdict_of
from knapsack_rl.cli.main import run
from knapsack_rl.simulation import POOLS
from knapsack_rl.simulation.rollout_log import LogSpec, simulate_log, write_log

DOCS = (Path(__file__).parents[3] / "docs" / "audit.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    """A simulated log of 32 steps."""
    path = tmp_path_factory.mktemp("log") / "rollouts.jsonl"
    write_log(simulate_log(LogSpec(pool=POOLS["hard"])), path)
    return path


def judged(low, high):
    estimate = Estimate(value=(low + high) / 2, low=low, high=high)
    gain = Gain(value=estimate, prompts=estimate, rollouts=estimate, believed=0.1)
    return Replayed(strategy="knapsack", belief="newest16", counts=(), gain=gain)


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (0.01, 0.03, "would have raised the value (+2.0 % [+1.0, +3.0])"),
        (-0.03, -0.01, "would have lowered the value"),
        (-0.01, 0.03, "would have made no clear difference to the value"),
        (float("nan"), float("nan"), "No verdict"),
    ],
)
def test_the_verdict_follows_the_interval(low, high, words):
    """An interval with 0 in it decides nothing; no interval, no verdict."""
    assert words in verdict_of([judged(low, high)], filtered=False)


def test_filtered_logs_get_no_verdict(tmp_path):
    """Dynamic sampling threw away what has no gradient: the rest is no fair sample."""
    rows = [rollout(step, f"p{prompt}", place % 2) for step in range(1, 9) for prompt in range(8) for place in range(4)]
    found = audit(write_lines(tmp_path / "log.jsonl", rows))
    assert found.filtered
    assert found.verdict.startswith("No verdict: every group of this log has both outcomes")


def test_prompts_met_once_get_no_verdict(tmp_path):
    """Nothing was known to hand out rollouts by."""
    rows = [
        rollout(step, f"p{step}-{prompt}", place % 2 * (prompt % 2))
        for step in range(1, 9)
        for prompt in range(8)
        for place in range(4)
    ]
    found = audit(write_lines(tmp_path / "log.jsonl", rows))
    assert found.verdict.startswith("No verdict: in no step most prompts had been met before")
    assert found.num_judged_steps == 0


def test_the_page_says_what_was_found(log):
    """Both ratios, both kinds of waste, the strategies and their gains; from the terminal as from Python."""
    found = audit(log)
    text = markdown_page(found)
    done = subprocess.run(
        [sys.executable, "-m", "knapsack_rl.cli.main", "audit", str(log)], capture_output=True, text=True, check=True
    )
    assert done.stdout == text
    assert f"**{found.verdict}**" in text
    for words in ("32 of them logged", "8.0 visits per prompt", "| 1-32 ", "| knapsack_posterior |", "V(N, p)"):
        assert words in text
    assert 0.35 < found.whole.ratio_prompts.value < 0.5
    assert found.whole.ratio_prompts.low < found.whole.ratio_prompts.value < found.whole.ratio_prompts.high
    shares = (found.whole.ratio_prompts, found.whole.all_right, found.whole.all_wrong)
    assert sum(share.value for share in shares) == pytest.approx(1.0)


def test_html_is_one_page_with_pictures(log, tmp_path, monkeypatch):
    """It loads nothing from anywhere, and holds the sentences and tables of the Markdown."""
    pytest.importorskip("jinja2")
    monkeypatch.setattr(sys, "argv", ["knapsack-rl", "audit", str(log), "--output", str(tmp_path / "page.html")])
    with pytest.raises(SystemExit) as ended:
        run()
    assert 0 == ended.value.code
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert 3 == page.count("<svg")
    assert not re.search(r"(src|href)=\"(?!data:|#)", page)
    assert audit(log).verdict in page.replace("&#39;", "'")
    assert page.count("<table>") == markdown_page(audit(log)).count("\n|--")


def test_pages_need_no_pandas():
    """The terminal and Markdown work with the base package."""
    code = (
        "import sys, knapsack_rl.audit; print(*sorted({'pandas', 'matplotlib', 'jinja2', 'torch'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split() == []


def test_the_documented_example(tmp_path, monkeypatch, capsys):
    """It prints what the page says it prints."""
    monkeypatch.chdir(tmp_path)
    code, printed = re.search(r"```python\n(.*?)```\n\n```text\n(.*?)```", DOCS, flags=re.DOTALL).groups()
    exec(compile(code, "docs/audit.md", "exec"), {})  # noqa: S102 - our own documentation
    assert capsys.readouterr().out.split() == printed.split()


@pytest.mark.parametrize("steps", [3, 9])
def test_small_logs_have_no_interval(tmp_path, steps):
    """Two judged steps are too few, and so are eight with few groups."""
    found = audit(write_lines(tmp_path / "log.jsonl", plain_rows(steps=steps)))
    assert found.num_judged_steps == steps - 1
    assert found.verdict.startswith("No verdict: in fewer than 6 steps, or for fewer than 600 groups")
