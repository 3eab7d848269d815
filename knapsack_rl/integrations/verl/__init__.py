"""The allocator inside verl: a trainer that deals rollouts (`trainer`), and studies that verl trains (`launch`).

``trainer``, ``plugin``, ``reward`` and ``fake`` import verl; everything else here does without it, so that a study can
be planned, checked and read back where verl is not installed. See docs/verl.md.
"""
