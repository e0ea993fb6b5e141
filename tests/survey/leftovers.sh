#!/bin/bash
# libfaketime keeps two objects a process in /dev/shm, named by its number, and leaves them there when the process
# calls exec(). Once a number comes round again, its faketime fails: "sem_open: File exists". So what is left of
# processes that are no more is removed before a test uses it.
for left in /dev/shm/sem.faketime_sem_* /dev/shm/faketime_shm_*; do
    if [ -O "$left" ] && [ ! -e "/proc/${left##*_}" ]; then
        printf '%s\0' "$left"
    fi
done | xargs -0 -r rm -f
