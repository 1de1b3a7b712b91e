"""The demo's people: invented from real figures, and written through the services that a person uses.

Plans come first and are pure: `calibration` reads the figures, `people` invents families, `history` gives
each a life as dated acts, `plan` puts all of them in one order that depends on the seed, the day and the
number of cases only. `perform` then does the acts, each as a worker of the team that would do it, at the
moment at which it happened. Where the work stops and goes on changes nothing in what comes out.
"""
