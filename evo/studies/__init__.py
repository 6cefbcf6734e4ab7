"""Work on finished campaigns, one file per command, grids of campaigns, benchmarks."""
