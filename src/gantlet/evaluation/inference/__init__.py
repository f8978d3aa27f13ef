"""Statistical inference: intervals, tests, differences, extrapolation, means over seeds."""
