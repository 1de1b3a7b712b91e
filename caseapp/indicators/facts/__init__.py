"""From the journal to facts, markers and cells, in set-based SQL as role `acogida_facts`.

One way of counting serves both the roll-up (the persons that new events touched) and the recount (all of
them, into tables of its own): the statements are the same, only the target tables and the persons differ.

An *erased* person's facts stay. The journal keeps codes and a pseudonym whose key to the person is gone, so
nothing leads back; and a figure that fell by one on the day of an erasure would tell who was erased. What
ends with the erasure is what goes on: nights and open cases.
"""
