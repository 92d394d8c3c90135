"""What identifies a person: sealed before it leaves this process, opened for whoever may see it."""
