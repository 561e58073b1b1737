"""DeepSeek's service on loopback: strict about requests, scripted in its replies, faulty on demand."""
