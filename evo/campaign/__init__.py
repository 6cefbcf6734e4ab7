"""Running a search: the loop, its steps, and creating and resuming a campaign."""
