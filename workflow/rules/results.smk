# From records to tables, figures and the report. Cheap: they depend on a digest of the code they run. One job writes all
# tables and one all figures, since starting pandas and matplotlib takes longer than most of them; `knapsack-rl table NAME`
# and `knapsack-rl figure NAME` make a single one again.


rule analyse:
    input:
        steps=ALL_STEPS,
        evals=ALL_EVALS,
        probes=ALL_PROBES,
        preparation=[problems.preparation for problems in PROBLEM_SETS],
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
        csv=[
            report(
                PATHS.tables / f"{product.name}.csv",
                caption=caption_of(product),
                category="Tables",
                labels={"table": product.name, "format": "CSV"},
            )
            for product in CATALOGUE.tables
        ],
        others=TABLES["md"] + TABLES["tex"],
    log:
        f"{LOGS}/table.log",
    benchmark:
        f"{BENCHMARKS}/table.tsv"
    conda:
        ENVIRONMENT
    params:
        study=STUDY_FILE,
        digest=STUDY_DIGEST,
        code=code_digest("analysis", "grpo", "allocation"),
    shell:
        "knapsack-rl table --study {params.study:q} > {log:q} 2>&1"


rule figure:
    input:
        ANALYSIS,
    output:
        png=[
            report(
                PATHS.figures / f"{product.name}.png",
                caption=caption_of(product),
                category="Figures",
                labels={"figure": product.name},
            )
            for product in CATALOGUE.figures
        ],
        others=FIGURES["pdf"] + FIGURES["csv"] + VIEWS,
    log:
        f"{LOGS}/figure.log",
    benchmark:
        f"{BENCHMARKS}/figure.tsv"
    conda:
        ENVIRONMENT
    params:
        study=STUDY_FILE,
        digest=STUDY_DIGEST,
        code=code_digest("analysis", "grpo", "allocation"),
    shell:
        "knapsack-rl figure --study {params.study:q} > {log:q} 2>&1"


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
