"""Somebody who asks a published port all the time."""

import http.client
import threading
import time


def ask(stack, port, host="127.0.0.1", outside=False):
    """The page at /; raises OSError or HTTPException."""
    connection = http.client.HTTPConnection(host, port)
    try:
        connection.sock = stack.sandbox.connect(host, port, outside)
        connection.request("GET", "/")
        return connection.getresponse().read()
    finally:
        connection.close()


def wait_for_page(stack, port):
    def answers():
        try:
            return ask(stack, port)
        except (OSError, http.client.HTTPException):
            return None
    return stack.wait_for(answers)


class Visitor(threading.Thread):
    """One connection and GET every 10 ms; `refused` has what did not answer with `page`."""

    def __init__(self, stack, port, host="127.0.0.1", outside=False, page=b"alive\n"):
        super().__init__(daemon=True)
        self.stack, self.port, self.host, self.outside, self.page = stack, port, host, outside, page
        self.answered, self.refused, self.go_on = 0, [], True
        self.start()

    def run(self):
        while self.go_on:
            try:
                assert ask(self.stack, self.port, self.host, self.outside) == self.page
                self.answered += 1
            except (OSError, http.client.HTTPException, AssertionError) as error:
                self.refused.append(repr(error))
            time.sleep(0.01)

    def stop(self):
        self.go_on = False
        self.join()
