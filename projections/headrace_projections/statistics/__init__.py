"""Statistics of features from sketches that merge: of training data while it is written, of groups while rows come."""
