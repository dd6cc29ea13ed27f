"""The dataset: fetched, verified and decoded to arrays that all jobs share."""
