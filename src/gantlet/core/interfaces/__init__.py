"""The protocols of parts: networks, objectives, penalties, hooks, extractors, sources and needs."""
