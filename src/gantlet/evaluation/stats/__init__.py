"""Mergeable statistics: update, merge, n; float64; identity at n = 0."""
