"""The open interface: released figures as JSON (`/api/v1`), for programs that hold a key. It reads as role `figures`."""
