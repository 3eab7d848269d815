"""Layer 2: what the records of a study say. pandas, scipy, matplotlib and seaborn; never torch.

``collect`` turns records into tidy ``frames``; tables and figures are functions of those, declared in ``catalogue``,
with the intervals of ``stats``; ``make`` ties them to files. Intervals are over seeds. This package itself imports
nothing, so that the workflow can read the catalogue without pandas.
"""
