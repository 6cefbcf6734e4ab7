"""Compute engines: where trainings run. One file per engine; `base` says what each promises."""
