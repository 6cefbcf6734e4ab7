"""The reward model: which candidates are worth training, learned from those that trained."""
