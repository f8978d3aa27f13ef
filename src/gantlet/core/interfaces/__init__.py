"""What parts promise: the protocols of networks, conditionings, objectives, penalties, hooks and extractors, and typed metadata."""
