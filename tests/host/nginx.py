"""nginx: clears its environment before the first wrapped call, writes titles over it, forks workers of another user."""

from daemons import PEOPLE, WORKER, Daemon, hashed, holds, installed, root
from harness import finish

NGINX = installed("nginx")


def configuration(directory, port):
    with open(f"{directory}/people", "w") as people:
        people.writelines(f"{person}:{hashed(person)}\n" for person in PEOPLE)
    user = f"user {WORKER} nogroup;" if root else ""
    places = " ".join(f"{kind}_temp_path {directory}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    return f"""{user} worker_processes 2; daemon off; pid {directory}/pid; error_log {directory}/error;
        events {{ worker_connections 64; }}
        http {{ {places} access_log off;
            server {{ listen 127.0.0.1:{port} reuseport; root {directory}/page;
                location / {{ auth_basic here; auth_basic_user_file {directory}/people; }} }} }}\n"""


def start(directory, run, **environment):
    return Daemon(directory, [NGINX, "-c", f"{directory}/conf", "-p", directory, "-e", f"{directory}/error"], configuration, run,
                  **environment)


holds("nginx", start, "crypt_r", "cstr crypt_r(str key, str salt, opaque data)",
      "cstr crypt_r(str key, opaque salt, opaque data)")
finish()
