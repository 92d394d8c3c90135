"""The `headrace` command, thin over the SDK; the stack on this machine is compose's."""
