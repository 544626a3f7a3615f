"""`course grade`: honest slips, hostile notebooks, the sandbox, the command."""
