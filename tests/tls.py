"""TLS for the servers that tests start."""

import socket
import ssl
import traceback


def wrapped(context: ssl.SSLContext, connection: socket.socket) -> ssl.SSLSocket:
    """Return a connection that speaks TLS once it is used. Raises `OSError` if its client is gone.

    Python 3.11 leaves a socket open behind that error, which only the frames of the error still know.
    """
    try:
        return context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
    except OSError as error:
        for frame, _ in traceback.walk_tb(error.__traceback__):
            if isinstance(left := frame.f_locals.get("self"), ssl.SSLSocket):
                left.close()
        raise
