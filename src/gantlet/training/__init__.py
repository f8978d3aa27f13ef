"""The one training loop, its state, its checkpoints and its alarms."""
