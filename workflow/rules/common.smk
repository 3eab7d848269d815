# Read and check the study before anything runs; helpers of the rules. Imports nothing heavy (login nodes).
import sys
import time
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from knapsack_rl.analysis.catalogue import CATALOGUE, FIGURE_NAMES, TABLE_NAMES
from knapsack_rl.base.errors import EXIT_CODE, KnapsackError
from knapsack_rl.base.layout import StudyPaths
from knapsack_rl.base.seeding import digest
from knapsack_rl.config import compact_json, parse_study, run_hash
from knapsack_rl.config.yaml_file import read_yaml
from knapsack_rl.records import check_writable, code_digest, model_files, write_text
from knapsack_rl.study import expand
from knapsack_rl.study.outside import fits_one_process, needs_check, needs_json
from knapsack_rl.study.plan import count_benchmark_problems, model_shape
from knapsack_rl.study.replicates import base_models, problem_sets
from knapsack_rl.study.resources import evaluation_resources, training_resources
from knapsack_rl.study.snakemake_runtime import explain_stale_lock
from snakemake.settings.types import DeploymentMethod

# With `--sdm conda` jobs run in the environment that environment.yml creates; without it the active one serves. Then
# the file is named instead, because Snakemake asks conda to export a named environment after every job, even so.
USES_CONDA = DeploymentMethod.CONDA in workflow.deployment_settings.deployment_method
ENVIRONMENT = "knapsack-rl" if USES_CONDA else "../../environment.yml"


def load_checked_study():
    """The study and its runs; a mistake is one line and exit code 2, before any job starts."""
    source = ", ".join(str(path) for path in workflow.configfiles) or "config"
    try:
        for (
            path
        ) in (
            workflow.configfiles
        ):  # Snakemake takes the last of two equal keys, and merges files
            read_yaml(Path(path))
        checked = parse_study(config, source=source)
        paths = StudyPaths.of(checked.name)
        check_writable(paths.results)
        check_writable(paths.figures)
        return checked, expand(checked, source=source)
    except KnapsackError as error:
        sys.stderr.write(f"error: {error}\n")
        sys.exit(EXIT_CODE)


def write_study():
    """Write the study where jobs read it. An argument or environment variable must be shorter than 128 KiB."""
    try:
        if not PATHS.study_file.exists() or PATHS.study_file.read_text() != STUDY_JSON:
            write_text(PATHS.study_file, STUDY_JSON)
    except KnapsackError as error:
        sys.stderr.write(f"error: {error}\n")
        sys.exit(EXIT_CODE)


@cache
def caption_folder():
    """For the files of ``caption_of``; gone when Snakemake ends."""
    return TemporaryDirectory(prefix="knapsack-rl-captions-")


def show_answer():
    """What the study found, at the end of an invocation that wrote the report; `make` shows it itself."""
    page = Path(REPORT)
    if (
        "--logger" not in sys.argv
        and page.is_file()
        and page.stat().st_mtime >= STARTED
    ):
        shell("knapsack-rl answer --study {STUDY_FILE:q}")


def caption_of(product):
    """A file with a product's caption, from which Snakemake's own report reads it; none unless that is asked for."""
    if not any(word.startswith("--report") for word in sys.argv):
        return None
    path = Path(caption_folder().name) / f"{type(product).__name__}-{product.name}.rst"
    path.write_text(product.caption, encoding="utf-8")
    return str(path)


STARTED = time.time()
explain_stale_lock()
STUDY, RUNS = load_checked_study()
PATHS = StudyPaths.of(STUDY.name)
STUDY_JSON = compact_json(STUDY) + "\n"
# Jobs read the file; what a job depends on is a digest among its params, so that a change re-runs just that job.
STUDY_FILE = str(PATHS.study_file)
STUDY_DIGEST = digest(STUDY_JSON)
if not workflow.is_main_process:
    write_study()  # a job on a machine that does not share this folder has only what its Snakemake makes there
LOGS = f"results/{STUDY.name}/logs"
BENCHMARKS = f"results/{STUDY.name}/benchmarks"

PROBLEM_SETS = [PATHS.problems(name) for name in problem_sets(RUNS)]
PROMPTS = [str(path) for problems in PROBLEM_SETS for path in problems.all]
# Base models that the study builds, by folder, each with a run that starts from it.
BASE_MODELS = base_models(RUNS)
BUILT_MODELS = [f"{PATHS.model(name)}/model.safetensors" for name in BASE_MODELS]
FETCHED_MODELS = [
    f"{PATHS.model(name)}/{'fetched' if model.hub else 'dequantised'}.json"
    for name, model in STUDY.models.items()
    if (model.hub or model.gguf) and name in STUDY.grid_models
]
# A study that needs anything from outside is checked before anything is downloaded or trained.
CHECKED = [str(PATHS.checked)] if needs_check(STUDY, RUNS) else []
# Where Snakemake sends jobs elsewhere, the machine it was started on has not their GPUs, memory and disk.
CHECK_OPTIONS = "--inputs-only" if workflow.non_local_exec else ""
NUM_PROBLEMS = count_benchmark_problems(STUDY.task)
SHAPES = {name: model_shape(STUDY, name) for name in STUDY.grid_models}
TRAINING = {
    run_id: training_resources(run, SHAPES[run.model_name], num_problems=NUM_PROBLEMS)
    for run_id, run in RUNS.items()
}
EVALUATION = {
    run_id: evaluation_resources(run, SHAPES[run.model_name])
    for run_id, run in RUNS.items()
}
EVALUATES_AT_ONCE = all(map(fits_one_process, RUNS.values()))
ALL_STEPS = [str(PATHS.run(run).steps) for run in RUNS]
# Only a study that asks for probes declares their files, so that the evaluations of others stay as they are.
USES_PROBE = any(run.evaluation.probe.prompts for run in RUNS.values())
EVALUATED = [
    str(PATHS.run("{run}").evals),
    *([str(PATHS.run("{run}").probe)] if USES_PROBE else []),
]
ALL_PROBES = [str(PATHS.run(run).probe) for run in RUNS if USES_PROBE]
ALL_EVALS = [str(PATHS.run(run).evals) for run in RUNS]
TABLES = {
    suffix: [str(PATHS.table(name, suffix)) for name in TABLE_NAMES]
    for suffix in ("csv", "md", "tex")
}
ALL_TABLES = TABLES["csv"] + TABLES["md"] + TABLES["tex"]
FIGURES = {
    suffix: [str(PATHS.figures / f"{name}.{suffix}") for name in FIGURE_NAMES]
    for suffix in ("png", "pdf", "csv")
}
VIEWS = [str(PATHS.view(name)) for name in FIGURE_NAMES]
ALL_FIGURES = FIGURES["png"] + FIGURES["pdf"] + FIGURES["csv"]
ANALYSIS = [
    str(PATHS.analysis / f"{name}.parquet")
    for name in ("steps", "groups", "evals", "probes", "runs", "data")
]
REPORT = str(PATHS.report)
RECEIPT = str(PATHS.receipt)
STORE = str(PATHS.store)


def run_digest(wildcards):
    """Digest of the resolved config of one run; as a param it makes an edit of one run re-run that run alone."""
    return run_hash(RUNS[wildcards.run])


def build_digest(wildcards):
    """Digest of section `build` of one base model, with its seed."""
    return digest(compact_json(BASE_MODELS[wildcards.model].model.build))


def task_digest(wildcards):
    """Digest of section `task` that a base model is pre-trained for, with its seed."""
    return digest(compact_json(BASE_MODELS[wildcards.model].task))


def base_model(wildcards):
    """What says that the weights a run starts from are there: built or fetched by the study, or the user's own."""
    run = RUNS[wildcards.run]
    if run.model.path:
        return [str(path) for path in model_files(Path(run.model.path))]
    if run.model.hub:
        return f"{PATHS.model(run.base_folder)}/fetched.json"
    return f"{PATHS.model(run.base_folder)}/model.safetensors"


def one_of(names):
    """Constraint of a wildcard to these names; to nothing where there are none."""
    return "|".join(names) or "(?!)"


def problems_of(run_id):
    """Paths of the problem sets of a run."""
    return PATHS.problems(RUNS[run_id].problem_set)


def train_prompts(wildcards):
    """Training problems of a run."""
    return str(problems_of(wildcards.run).train)


def probe_prompts(wildcards):
    """The same, for an evaluation that takes a probe of them."""
    return [train_prompts(wildcards)] if USES_PROBE else []


def benchmarks(wildcards):
    """Benchmark problems of a run."""
    return str(problems_of(wildcards.run).benchmarks)


def evaluated_benchmarks(wildcards):
    """The same, for a run that is evaluated by the job that trains it."""
    inside = EVALUATES_AT_ONCE or RUNS[wildcards.run].evaluation.inside_training
    return [benchmarks(wildcards)] if inside else []


def cost(wildcards):
    """Long runs start first, which packs two cores well."""
    return RUNS[wildcards.run].rollouts_per_step * RUNS[wildcards.run].train.steps


wildcard_constraints:
    run="|".join(RUNS),
    model="|".join([*STUDY.models, *BASE_MODELS]),
