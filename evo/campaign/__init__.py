"""Running a search: configuration, the loop and its steps, creating and resuming a campaign."""
