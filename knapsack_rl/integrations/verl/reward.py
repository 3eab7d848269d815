"""The scorer of a study's task as verl's reward manager (``reward.reward_manager``). Needs verl."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from verl import DataProto
from verl.experimental.reward_loop.reward_manager.base import RewardManagerBase

from knapsack_rl.base.types import StopReason
from knapsack_rl.integrations.verl.messages import problem_of
from knapsack_rl.integrations.verl.study_run import read_run_file
from knapsack_rl.integrations.verl.verdicts import KEY, JudgedAnswer
from knapsack_rl.models.responses import response_text
from knapsack_rl.tasks import build_task


class StudyReward(RewardManagerBase):
    """Judges as our own trainer does: by the task of the run that ``data.knapsack_run`` names.

    A response is cut off if it has as many tokens as are allowed and does not end with the end of sequence.
    """

    def __init__(self, config: Any, tokenizer: Any, compute_score: Any = None, **_: object) -> None:  # noqa: ANN401, PLR0917 - the signature is verl's
        super().__init__(config, tokenizer, compute_score)
        run = read_run_file(Path(config.data.knapsack_run))
        self._task = build_task(run.task.name, run.task.options, seed=run.task.seed)
        self._limit = int(config.data.max_response_length)
        self._judge = ThreadPoolExecutor(max_workers=1)  # a task's processes serve one caller at a time

    async def run_single(self, data: DataProto) -> dict[str, Any]:
        """Judge the last output of a session."""
        item = data[-1:][0]
        tokens = item.batch["responses"]
        valid = int(item.batch["attention_mask"][-tokens.shape[-1] :].sum())
        reward, answer = await self.loop.run_in_executor(
            self._judge, self._answer, item.non_tensor_batch, tokens[:valid]
        )
        return {"reward_score": reward, "reward_extra_info": {"acc": float(answer.reward), KEY: answer.text()}}

    def _answer(self, row: Any, tokens: Any) -> tuple[float, JudgedAnswer]:  # noqa: ANN401 - a row of verl's, a tensor
        prompt, ids = problem_of(row), tokens.tolist()
        truncated = len(ids) >= self._limit and ids[-1] != self.tokenizer.eos_token_id
        stop = StopReason.LENGTH if truncated else StopReason.EOS
        verdict = self._task.score(prompt, response_text(self.tokenizer, ids), stop=stop)
        return float(verdict.reward), JudgedAnswer(
            source=str(row["data_source"]),
            problem_id=prompt.id,
            kind=prompt.kind,
            reward=int(self._task.succeeded(verdict)),
            reason=verdict.reason,
            extracted=verdict.extracted,
            score=verdict.score,
            num_response_tokens=len(ids),
            truncated=truncated,
        )
