"""The commitments of the MIRPS: register, scores reviewed by two people, averages, cooperation and the baseline."""
