"""Work on finished campaigns and on single files: one file per study, each behind one command."""
