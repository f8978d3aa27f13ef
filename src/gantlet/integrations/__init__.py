"""Integrations: a torchmetrics class, and loggers for TensorBoard, Weights & Biases and Trackio."""
