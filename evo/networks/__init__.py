"""Networks that tasks train with a component: one file a network."""
