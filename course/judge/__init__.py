"""The judge: what an exercise is, what an answer did, whether that was right, and if not, why.

`exercise` states it, `run` calls an answer, `compare` finds faults, `mistakes` reads known answers
from a page, `recognise` names them, `honesty` looks for what is forbidden, `judge` does it all.
"""
