"""Which interval and which test to trust at few replicates: measured on distributions known."""
