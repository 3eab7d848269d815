"""The command as a user types it, refused."""

import sys

import pytest

from knapsack_rl.cli.main import run


@pytest.fixture
def refused(tmp_path, monkeypatch, capsys):
    """The one line, with exit code 2, of ``knapsack-rl audit`` in the test's folder; nothing is written there."""

    def line_of(*arguments):
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", ["knapsack-rl", "audit", *map(str, arguments)])
        before = set(tmp_path.rglob("*"))
        with pytest.raises(SystemExit) as ended:
            run()
        said = capsys.readouterr()
        assert (2, "") == (ended.value.code, said.out)
        assert before == set(tmp_path.rglob("*"))
        (line,) = said.err.strip().splitlines()
        assert line.startswith("error: ")
        return line

    return line_of
