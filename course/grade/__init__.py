"""`course grade`: submissions go in, each is run in a sandbox, reports come out.

`inside/` is all that a student's code can see of it.
"""
