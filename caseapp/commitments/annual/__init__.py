"""The annual report of a country or the region: its content, its PDF/UA and its page, from released figures, approved
narratives and reviewed scores. Everything is read through role `figures`."""
