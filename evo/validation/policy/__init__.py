"""What a candidate's source may contain, read off its syntax tree."""
