"""Each claim under each condition → a verdict."""
