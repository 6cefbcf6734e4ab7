"""Studies that come with evo, for `evo study`."""
