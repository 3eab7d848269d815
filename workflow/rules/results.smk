# From records to tables, figures and the report. Cheap: they depend on a digest of the code they run.


rule analyse:
    input:
        steps=ALL_STEPS,
        evals=ALL_EVALS,
        probes=ALL_PROBES,
        preparation=PATHS.preparation,
    output:
        ANALYSIS,
    log:
        f"{LOGS}/analyse.log",
    benchmark:
        f"{BENCHMARKS}/analyse.tsv"
    conda:
        ENVIRONMENT
    params:
        study=STUDY_FILE,
        digest=STUDY_DIGEST,
        code=code_digest("analysis", "grpo", "allocation"),
    shell:
        "knapsack-rl analyse --study {params.study:q} > {log:q} 2>&1"


rule table:
    input:
        ANALYSIS,
    output:
        csv=report(
            PATHS.tables / "{table}.csv",
            caption="../report/table.rst",
            category="Tables",
            labels={"table": "{table}", "format": "CSV"},
        ),
        md=PATHS.tables / "{table}.md",
        tex=PATHS.tables / "{table}.tex",
    log:
        f"{LOGS}/table/{{table}}.log",
    benchmark:
        f"{BENCHMARKS}/table/{{table}}.tsv"
    conda:
        ENVIRONMENT
    params:
        study=STUDY_FILE,
        digest=STUDY_DIGEST,
        code=code_digest("analysis", "grpo", "allocation"),
    shell:
        "knapsack-rl table {wildcards.table:q} --study {params.study:q} > {log:q} 2>&1"


rule figure:
    input:
        ANALYSIS,
    output:
        png=report(
            PATHS.figures / "{figure}.png",
            caption="../report/figure.rst",
            category="Figures",
            labels={"figure": "{figure}"},
        ),
        pdf=PATHS.figures / "{figure}.pdf",
        csv=PATHS.figures / "{figure}.csv",
        views=PATHS.views / "{figure}.json",
    log:
        f"{LOGS}/figure/{{figure}}.log",
    benchmark:
        f"{BENCHMARKS}/figure/{{figure}}.tsv"
    conda:
        ENVIRONMENT
    params:
        study=STUDY_FILE,
        digest=STUDY_DIGEST,
        code=code_digest("analysis", "grpo", "allocation"),
    shell:
        "knapsack-rl figure {wildcards.figure:q} --study {params.study:q} > {log:q} 2>&1"


rule report:
    input:
        tables=ALL_TABLES,
        views=VIEWS,
    output:
        REPORT,
    log:
        f"{LOGS}/report.log",
    benchmark:
        f"{BENCHMARKS}/report.tsv"
    conda:
        ENVIRONMENT
    params:
        study=STUDY_FILE,
        digest=STUDY_DIGEST,
        code=code_digest("report", "analysis", "allocation"),
    shell:
        "knapsack-rl report --study {params.study:q} > {log:q} 2>&1"
