"""The format of a run folder: its log, its tensors, its generator, and the source ``run:``."""
