"""Training datasets: joins what was asked for as of event time, stores the files, and says so by command."""
