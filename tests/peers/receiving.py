"""What the clients here share: to receive a number of bytes, in any pieces."""


def receive_exactly(sk, size):
    """So many bytes, or fewer if the stream ends before."""
    pieces = []
    while size > 0:
        piece = sk.recv(min(size, 65536))
        if not piece:
            break
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)
