"""Files that mean it ill. usage: make.py loop LIBRARY | symbols FILE | typedefs FILE"""

import re
import struct
import subprocess
import sys

what, path = sys.argv[1:3]

if what == "loop":
    # Each pointer type of its debug information is made one to itself.
    sections = subprocess.run(["readelf", "-SW", path], stdout=subprocess.PIPE, text=True, check=True).stdout
    place = int(re.search(r"\.debug_info\s+PROGBITS\s+\S+\s+(\S+)", sections).group(1), 16)
    dump = subprocess.run(["readelf", "-W", "--debug-dump=info", path], stdout=subprocess.PIPE, text=True, check=True).stdout
    types = re.findall(r"<(\w+)>: Abbrev Number: \d+ \(DW_TAG_pointer_type\)\n(?:.*DW_AT_byte_size.*\n)?\s+<(\w+)>\s+DW_AT_type",
                       dump)
    assert types
    with open(path, "r+b") as file:
        for die, attribute in types:
            file.seek(place + int(attribute, 16))
            file.write(struct.pack("<I", int(die, 16)))
elif what == "symbols":
    # A million functions whose names are the ends of one name of 32 MB.
    symbols, strings = 1000000, 32 << 20
    machine = {"x86_64": 62, "aarch64": 183}[subprocess.check_output(["uname", "-m"], text=True).strip()]
    header = struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\2\1\1", 3, machine, 1, 0, 0, 64, 0, 64, 56, 0, 64, 3, 0)
    at = 64 + 3 * 64
    sections = struct.pack("<IIQQQQIIQQ", 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
    sections += struct.pack("<IIQQQQIIQQ", 0, 11, 2, 0, at, symbols * 24, 2, 0, 8, 24)
    sections += struct.pack("<IIQQQQIIQQ", 0, 3, 2, 0, at + symbols * 24, strings, 0, 0, 1, 0)
    with open(path, "wb") as file:
        file.write(header + sections)
        file.write(b"".join(struct.pack("<IBBHQQ", n, 0x12, 0, 1, n, 1) for n in range(symbols)))
        file.write(b"x" * (strings - 1) + b"\0")
else:
    # Each type is two of the one before.
    with open(path, "w") as file:
        file.write("typedef int t0;\n")
        for n in range(60):
            file.write(f"typedef t{n} t{n} t{n + 1};\n")
        file.write("t60 taken(t60 n);\n" + "typedef int (compare)(const void *);\nf64 scaled(str name, i32 days);\nint doubled(int n);\n")
