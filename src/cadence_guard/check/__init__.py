"""The checker: could a person, starting at any instant, get a touch that the policy refuses?

Files go in, as cadences that `importers` has made of them, and a `report` comes out. To be read in
this order: `run`, which leads from the one to the other; what a graph alone tells (`shape`); what
is taken for granted (`assumptions`); the ways through a cadence (`paths`), their waits laid out in
time (`layout`, `ranges`) and the days that are alike (`days`); how a touch is judged (`judging`),
and the `proof`. Then those who react (`reactions`), enter again (`reentry`) or are in several
cadences at once (`together`); the time line that the guard itself refuses (`witness`); and what
waiting would repair (`fix`). The policy is checked by itself (`policy_check`).
"""
