"""Work on finished campaigns, one file per command, and grids of campaigns (`evo study`)."""
