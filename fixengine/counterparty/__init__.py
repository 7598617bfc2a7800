"""What a client of the FIX gateway needs: it reads logs of messages, sends orders, keeps a book."""
