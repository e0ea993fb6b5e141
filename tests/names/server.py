"""A small HTTP server on every address of the test's namespace: the programs under test talk to it."""
import http.server
import sys


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = b"hello " + self.path.encode() + b"\n"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words):
        pass


class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 128


server = Server(("0.0.0.0", 8080), Handler)
print("ready", flush=True)
server.serve_forever()
