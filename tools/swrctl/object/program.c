#define _GNU_SOURCE
#include "program.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

static bool runnable(const char *path)
{
    struct stat st;
    if (access(path, X_OK) != 0)
        return false;
    if (stat(path, &st) == 0 && S_ISREG(st.st_mode))
        return true;
    errno = EACCES;
    return false;
}

bool program_find(const char *name, char *path, size_t room)
{
    if (strchr(name, '/') != NULL) {
        snprintf(path, room, "%s", name);
        return runnable(path);
    }
    const char *list = getenv("PATH");
    int error = ENOENT;
    for (list = list != NULL ? list : "/bin:/usr/bin"; name[0] != 0;) {
        size_t n = strcspn(list, ":");
        snprintf(path, room, "%.*s%s%s", (int)n, list, n != 0 ? "/" : "./", name);
        if (runnable(path))
            return true;
        if (errno == EACCES)
            error = EACCES;
        if (list[n] == 0)
            break;
        list += n + 1;
    }
    errno = error;
    return false;
}

/* "#!/usr/bin/env python3": the program that will run. False: no script. */
static bool script(char *path, size_t room)
{
    char line[256] = "";
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, line, sizeof line - 1) : -1;
    if (fd >= 0)
        close(fd);
    if (n < 3 || line[0] != '#' || line[1] != '!')
        return false;
    line[n] = 0;
    line[strcspn(line, "\n")] = 0;
    char *words = NULL, *first = strtok_r(line + 2, " \t", &words), *second = strtok_r(NULL, " \t", &words);
    if (first == NULL)
        return false;
    size_t len = strlen(first);
    if (second != NULL && second[0] != '-' && len >= 4 && strcmp(first + len - 4, "/env") == 0)
        return program_find(second, path, room);
    snprintf(path, room, "%s", first);
    return true;
}

static const char *refusal(const char *path, bool *text)
{
    struct elf_file f;
    struct stat st;
    *text = false;
    if (!elf_open(path, &f)) {
        *text = true;
        return NULL;
    }
    const char *why = NULL;
    bool capable = getxattr(path, "security.capability", NULL, 0) > 0;
#if defined(__aarch64__)
    bool here = f.machine == EM_AARCH64;
#else
    bool here = f.machine == EM_X86_64;
#endif
    if (!here)
        why = "it is for another machine than this library";
    else if (!f.has_interpreter)
        why = f.is_go
                  ? "it is a pure Go program: it calls no library; with cgo it would"
                  : "it is statically linked: nothing can be preloaded; link or annotate its source instead";
    else if (stat(path, &st) == 0 && ((st.st_mode & (S_ISUID | S_ISGID)) != 0 || capable) && geteuid() != 0)
        why = "it runs with rights of its own (setuid, setgid or capabilities): the system ignores preloaded "
              "libraries";
    else if (stat(path, &st) == 0 && (st.st_mode & S_ISUID) != 0 && st.st_uid != geteuid())
        why = "it runs with another user's rights (setuid): the system ignores preloaded libraries";
    elf_close(&f);
    return why;
}

static bool interpreter_of(const char *path, char *name, size_t room)
{
    struct elf_file f;
    if (!elf_open(path, &f))
        return false;
    const char *slash = strrchr(f.interpreter, '/');
    snprintf(name, room, "%s", slash != NULL ? slash + 1 : f.interpreter);
    elf_close(&f);
    return name[0] != 0;
}

const char *program_other_libc(const char *path)
{
    static char its[sizeof((struct elf_file *)NULL)->interpreter];
    char own[sizeof its];
    if (!interpreter_of("/proc/self/exe", own, sizeof own) || !interpreter_of(path, its, sizeof its))
        return NULL;
    return strcmp(own, its) != 0 ? its : NULL;
}

const char *program_refusal(char *path, size_t room)
{
    bool text;
    const char *why = refusal(path, &text);
    for (int depth = 0; text && depth < 4; depth++) {
        if (!script(path, room))
            return NULL; /* execve(2) will say what it is */
        why = refusal(path, &text);
    }
    return why;
}
