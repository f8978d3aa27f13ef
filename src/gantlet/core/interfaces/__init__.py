"""What parts promise: the protocols of networks, objectives, penalties, hooks, extractors, sources and needs."""
