"""Pages of models, runs, predictions and evaluations."""
