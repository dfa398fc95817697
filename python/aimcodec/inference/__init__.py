"""Running models: predictors on several engines behind one interface."""
