"""The foundation: configuration, registry, errors, files, random numbers, processes; it imports no other part of the package."""
