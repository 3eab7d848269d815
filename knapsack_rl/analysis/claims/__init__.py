"""The paper's claims against the records of a study.

``catalogue`` says what is claimed, how it is measured, and where the line is; the measures turn records into samples
(one value per seed) or say what is missing; ``judge`` turns samples into a verdict; ``table`` puts them side by side.
"""
