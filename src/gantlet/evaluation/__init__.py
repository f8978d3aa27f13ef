"""The evaluation wing: features, statistics, metrics with intervals, diagnosis and verdict."""
