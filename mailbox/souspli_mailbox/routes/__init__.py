"""Requests, one file per noun: each parses, calls, answers, and ends with its rows.

What a row promises about sessions is enforced before a handler here runs
(`access`); what the rows below raise is answered by one table (`translations`).
"""
