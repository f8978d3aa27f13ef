"""What everything stands on: configuration, registry, errors, files, random numbers, processes; it imports nothing above it."""
