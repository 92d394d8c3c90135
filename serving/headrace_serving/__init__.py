"""Models behind a gateway: Ray, inference protocols, the prediction log."""
