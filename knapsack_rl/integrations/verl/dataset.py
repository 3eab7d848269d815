"""verl's data set over a study's problems (``data.custom_cls``). Needs verl.

Rows are made when the set is opened, so that nothing is copied to disk: a benchmark that must not be is revealed in
memory alone.
"""

from collections.abc import Mapping
from pathlib import Path

import datasets
import pyarrow.parquet as pq
from verl.utils.dataset.rl_dataset import RLHFDataset

from knapsack_rl.base.errors import ConfigError
from knapsack_rl.base.types import Prompt
from knapsack_rl.config import PromptConfig, RunConfig
from knapsack_rl.integrations.verl.messages import SOURCE, TRAIN, problem_row
from knapsack_rl.integrations.verl.study_run import read_run_file
from knapsack_rl.records.prompts import read_benchmarks, read_train_prompts
from knapsack_rl.tasks import build_task
from knapsack_rl.tasks.templates import fill, get_template


class StudyDataset(RLHFDataset):
    """Training problems, or all benchmarks, of the run that ``data.knapsack_run`` names."""

    def _download(self, use_origin_parquet: bool = False) -> None:  # noqa: FBT001, FBT002 - the signature is verl's
        """The files are local."""

    def _read_files_and_tokenize(self) -> None:
        run = read_run_file(Path(self.config.knapsack_run))
        (file,) = map(Path, self.data_files)
        training = "benchmark" not in pq.read_schema(file).names
        wording = run.model.prompt if training else run.model.prompt.on_benchmarks()
        problems = {TRAIN: read_train_prompts(file)} if training else _benchmarks(run, file)
        rows = [problem_row(prompt, wording, source=name) for name, prompts in problems.items() for prompt in prompts]
        self._check_opening(wording, problems)
        self.dataframe = self.maybe_filter_out_long_prompts(datasets.Dataset.from_list(rows))

    def _check_opening(self, wording: PromptConfig, problems: Mapping[str, list[Prompt]]) -> None:
        """A response that a template begins must be begun by the model's own chat template: verl adds nothing to it."""
        template = get_template(wording.template)
        if not (wording.chat and template.opening):
            return
        prompt = next(prompt for prompts in problems.values() for prompt in prompts)
        messages = problem_row(prompt, wording, source=SOURCE)["prompt"]
        text = self.tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
        if not text.rstrip().endswith(fill(template.opening, prompt.text).rstrip()):
            raise ConfigError(
                f"prompt.template: {wording.template!r} begins the response with {template.opening!r}, which neither"
                " this model's chat template nor verl does; choose another template"
            )


def _benchmarks(run: RunConfig, file: Path) -> dict[str, list[Prompt]]:
    task = build_task(run.task.name, run.task.options, seed=run.task.seed)
    revealed = task.reveal(read_benchmarks(file))
    task.close()
    return {f"{SOURCE}/{name}": list(prompts) for name, prompts in revealed.items()}
