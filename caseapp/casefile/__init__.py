"""One case seen whole: file, timeline, today, merge, close, erase."""
