"""From source to a graph of allowed tensor operators, and back from text to a callable."""
