"""What is computed from the log: tables, indexes and files, the queries over them, and how each is made again."""
