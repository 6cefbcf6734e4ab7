"""The processes in which candidates are traced, and the walls around them."""
