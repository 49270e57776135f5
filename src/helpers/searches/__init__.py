"""Search logs counted: which logs there are, rows made searches, volume with gaps and breaks, width.

Heavy parts are Ibis expressions over the table of `engine.read_log`, so that every engine gives the same
rows; small results are pandas tables. A **row** is a line of a file, a **search** what somebody did once;
every result says which it counts.
"""
