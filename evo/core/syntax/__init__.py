"""Python source as syntax trees: copies and sizes, names, and the scopes that bind them."""
