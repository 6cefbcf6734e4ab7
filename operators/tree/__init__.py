"""Reading, editing and writing a component's source as a syntax tree, without ever running it."""
