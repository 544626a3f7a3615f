"""What runs in the sandbox: a warm process that forks once for each submission.

Nothing here knows what is right. A student's code shares a process with `student` and may change
anything in it; `warm` is out of its reach, and what comes out is read as plain data by `wire`.
"""
