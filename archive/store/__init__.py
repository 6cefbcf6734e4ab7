"""How history lies on disk: journal, segments, columns and the lock."""
