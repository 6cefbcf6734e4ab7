"""The surrogate of the default task: a fitness in milliseconds, for the search itself."""
