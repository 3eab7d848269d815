"""Layer 2: what the records of a study say. pandas, scipy, matplotlib and seaborn; never torch.

From the ground up: ``frames`` (records as tidy data frames), ``inference`` (intervals, pairs, periods), ``measures``
(one row per run or step), ``show`` and ``drawing`` (text and figures), ``products`` (a question: its table and its
figure), ``claims`` (the paper's, judged). ``catalogue`` declares every product, ``make`` writes their files. This
package itself imports nothing, so that the workflow can read the catalogue without pandas.
"""
