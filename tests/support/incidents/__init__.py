"""Four real incidents as histories, in our own words and data: each holds the facts and figures of a report.

The reports were written by people who had no record of what happened; each history is what AWS would have
told a recorder. The first of them, deployment 67, is the incident that `forensics demo` plays.
"""
