"""The trainer: from a job to its figures, weights and predictions."""
