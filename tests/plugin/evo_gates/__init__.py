"""What a package outside evo adds to it: a kind of its own, and a task."""
