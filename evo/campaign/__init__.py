"""What exists only while a search runs: the loop, its steps, creating and resuming a campaign."""
