"""The lab for the class room: one page in which two-dimensional games are played beside exact transport."""
