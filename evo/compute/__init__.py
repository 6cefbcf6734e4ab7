"""Where trainings run: worker processes and the devices they train on."""
