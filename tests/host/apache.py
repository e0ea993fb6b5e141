"""Apache: started by root, prefork, its workers of another user; passwords by its own library."""

import os
import sys

from daemons import PEOPLE, WORKER, Daemon, hashed, holds, installed, root
from harness import finish

APACHE = installed("apache2")
MODULES = "/usr/lib/apache2/modules"
if not os.path.exists(f"{MODULES}/mod_mpm_prefork.so"):
    sys.exit(77)


def configuration(directory, port):
    with open(f"{directory}/people", "w") as people:
        people.writelines(f"{person}:{hashed(person)}\n" for person in PEOPLE)
    modules = "\n".join(f"LoadModule {name}_module {MODULES}/mod_{name}.so"
                        for name in ("mpm_prefork", "auth_basic", "authn_core", "authn_file", "authz_core", "authz_user"))
    user = f"User {WORKER}\nGroup nogroup" if root else ""
    return f"""{modules}
{user}
ServerName localhost
ServerRoot {directory}
Listen 127.0.0.1:{port}
PidFile {directory}/pid
DefaultRuntimeDir {directory}
Mutex posixsem
ErrorLog {directory}/error
DocumentRoot {directory}/page
StartServers 2
MinSpareServers 2
MaxSpareServers 2
MaxRequestWorkers 2
ServerLimit 2
<Directory {directory}/page>
  AuthType Basic
  AuthName here
  AuthBasicProvider file
  AuthUserFile {directory}/people
  Require valid-user
</Directory>
"""


def start(directory, run, **environment):
    return Daemon(directory, [APACHE, "-D", "FOREGROUND", "-f", f"{directory}/conf"], configuration, run, **environment)


holds("apache2", start, "apr_password_validate", "i32 apr_password_validate(str password, str hash) fails=nonzero",
      "i32 apr_password_validate(opaque password, str hash)")
finish()
