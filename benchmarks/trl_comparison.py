"""TRL's GRPOTrainer beside ours: `make bench`, or `python benchmarks/trl_comparison.py --size full`.

Makes an environment with TRL in `.bench/`, shows that both trainers compute the same advantages and gradients from the
same rollouts, then times them in turns: same model, prompts, rewards, rollouts, mini-batches and threads. Writes a
table (Markdown, CSV) and a figure. `--size smoke` checks in a minute or two that all of it works; its numbers mean
nothing. Ratios of processor seconds bear a busy machine; the figures to report come from a quiet one.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

from beside_trl.environment import ROOT, ensure_environment
from beside_trl.report import markdown, write_report

HERE = Path(__file__).parent
BENCH = ROOT / ".bench"


def main() -> None:
    """Measure in the other environment, report from this one."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", choices=("smoke", "full"), default="full")
    parser.add_argument("--rounds", type=int, default=3, help="of every way, each from the base model on")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--output", type=Path, default=ROOT / "results" / "bench", help="folder of table and figure")
    arguments = parser.parse_args()
    python = ensure_environment(BENCH / "trl")
    measured = BENCH / f"trl-{arguments.size}.json"
    command = [str(python), "-m", "beside_trl.measure", "--size", arguments.size, "--rounds", str(arguments.rounds)]
    command += ["--threads", str(arguments.threads), "--folder", str(BENCH / "models"), "--output", str(measured)]
    path = os.pathsep.join([str(HERE), str(ROOT)])
    threads = {"OMP_NUM_THREADS": str(arguments.threads), "PYTHONPATH": path, "TRL_EXPERIMENTAL_SILENCE": "1"}
    done = subprocess.run(command, env=os.environ | threads, check=False)
    if done.returncode:
        sys.exit(done.returncode)
    found = json.loads(measured.read_text(encoding="utf-8"))
    write_report(found, arguments.output)
    print("\n" + markdown(found))
    print(f"Written: {arguments.output}/trl.md, trl.csv, trl.png")


if __name__ == "__main__":
    main()
