"""One use case per file, assembled from training, evaluation and data."""
