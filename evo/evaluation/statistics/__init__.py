"""Statistics: win rates from trials, their intervals, paired tests and rank agreement."""
