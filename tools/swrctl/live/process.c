#define _GNU_SOURCE
#include "process.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "terminal/text.h"

long process_number(const struct process *p)
{
    return p->pid != 0 ? p->pid : p->own;
}

void process_tell(const struct process *p, const char *why)
{
    tell("cannot reach process %ld (%s): %s", process_number(p), p->program, why);
}

static bool read_of(pid_t pid, const char *what, char *text, size_t room)
{
    char path[64];
    text[0] = 0;
    if (pid <= 0)
        return false;
    snprintf(path, sizeof path, "/proc/%ld/%s", (long)pid, what);
    FILE *f = fopen(path, "re");
    size_t n = f != NULL ? fread(text, 1, room - 1, f) : 0;
    text[n] = 0;
    if (f != NULL)
        fclose(f);
    return n > 0;
}

static const char *base_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

/* The name it was called by, else the one it gave itself. */
bool process_name(pid_t pid, char *name, size_t room)
{
    char text[PATH_MAX];
    name[0] = 0;
    if (read_of(pid, "cmdline", text, sizeof text) && base_of(text)[0] != 0)
        snprintf(name, room, "%s", base_of(text));
    else if (read_of(pid, "comm", text, sizeof text))
        snprintf(name, room, "%.*s", (int)strcspn(text, "\n"), text);
    return name[0] != 0;
}

bool process_called(const struct process *p, const char *name)
{
    char text[PATH_MAX], path[64];
    if (name[0] == 0)
        return false;
    if (strcmp(p->program, name) == 0 || (process_name(p->pid, text, sizeof text) && strcmp(text, name) == 0))
        return true;
    if (read_of(p->pid, "comm", text, sizeof text)) {
        text[strcspn(text, "\n")] = 0;
        if (strcmp(text, name) == 0)
            return true;
    }
    snprintf(path, sizeof path, "/proc/%ld/exe", (long)p->pid);
    ssize_t n = p->pid > 0 ? readlink(path, text, sizeof text - 1) : -1;
    text[n > 0 ? n : 0] = 0;
    return n > 0 && strcmp(base_of(text), name) == 0;
}

bool process_stopped(pid_t pid)
{
    char text[512];
    if (!read_of(pid, "stat", text, sizeof text))
        return false;
    const char *end = strrchr(text, ')');
    return end != NULL && (end[2] == 'T' || end[2] == 't');
}

/* Where another namespace's /proc is mounted, its numbers are not ours. */
static bool proc_is_ours(void)
{
    char text[32];
    ssize_t n = readlink("/proc/self", text, sizeof text - 1);
    text[n > 0 ? n : 0] = 0;
    return strtol(text, NULL, 10) == getpid();
}

pid_t process_own_number(pid_t pid)
{
    char text[8192], *at, *end;
    long number = pid;
    if (!proc_is_ours() || !read_of(pid, "status", text, sizeof text) ||
        (at = strstr(text, "\nNSpid:")) == NULL)
        return pid;
    at += strlen("\nNSpid:");
    at[strcspn(at, "\n")] = 0;
    /* From the outermost namespace to its own. */
    for (long next; next = strtol(at, &end, 10), end != at; at = end)
        number = next;
    return number > 0 && number <= INT_MAX ? (pid_t)number : pid;
}

int process_has_library(pid_t pid)
{
    char path[64], *line = NULL;
    size_t room = 0;
    int found = 0;
    snprintf(path, sizeof path, "/proc/%ld/maps", (long)pid);
    FILE *maps = fopen(path, "re");
    if (maps == NULL)
        return -1;
    errno = 0;
    while (found == 0 && getline(&line, &room, maps) > 0)
        found = strstr(line, "/libswrcache.so") != NULL;
    if (found == 0 && errno != 0)
        found = -1;
    free(line);
    fclose(maps);
    return found;
}

int process_variable(pid_t pid, const char *name, char *value, size_t room)
{
    char path[64], *entry = NULL;
    size_t size = 0, len = strlen(name);
    int found = -1;
    snprintf(path, sizeof path, "/proc/%ld/environ", (long)pid);
    FILE *f = fopen(path, "re");
    for (ssize_t n; f != NULL && found != 1 && (n = getdelim(&entry, &size, 0, f)) > 0;) {
        /* Not an entry: a title, perhaps. */
        if (memchr(entry, '=', (size_t)n) != NULL && found < 0)
            found = 0;
        if (strncmp(entry, name, len) == 0 && entry[len] == '=') {
            snprintf(value, room, "%s", entry + len + 1);
            found = 1;
        }
    }
    free(entry);
    if (f != NULL)
        fclose(f);
    return found;
}

bool process_user(pid_t pid, uid_t *uid)
{
    char path[64];
    struct stat st;
    snprintf(path, sizeof path, "/proc/%ld", (long)pid);
    bool there = stat(path, &st) == 0;
    if (there)
        *uid = st.st_uid;
    return there;
}

void process_each(bool (*visit)(pid_t pid, void *cookie), void *cookie)
{
    DIR *proc = opendir("/proc");
    for (struct dirent *e; proc != NULL && (e = readdir(proc)) != NULL;)
        if (isdigit((unsigned char)e->d_name[0]) && !visit((pid_t)atol(e->d_name), cookie))
            break;
    if (proc != NULL)
        closedir(proc);
}
