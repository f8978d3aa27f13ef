"""gantlet where people already work: a torchmetrics class, an evaluator for one's own loop, and loggers."""
