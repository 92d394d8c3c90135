"""The gateway: takes inference requests, completes and checks rows, asks replicas, logs every row, and answers."""
