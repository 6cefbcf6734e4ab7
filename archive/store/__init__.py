"""The files of a history: journal, segments, append-only logs and the writer's lock."""
