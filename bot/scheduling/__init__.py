"""The table of ticks. The rows are the schedule; APScheduler only ticks."""
