"""From trials to win rates: intervals, paired tests and rank agreement."""
