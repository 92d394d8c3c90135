"""Windows over predictions: the Flink cluster, its one job, and the process that keeps the job running."""
