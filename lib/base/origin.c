#define _GNU_SOURCE
#include "origin.h"
#include "os.h"

#include <errno.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#define RUNTIME_DIR "XDG_RUNTIME_DIR="
#define OURS_BEGIN  "SWR_"

enum { ROOM = 2048, PAGE = 4096 };

/* Name and texts, one after the other; an empty one ends them. What needs more room gets a mapping. */
static char small[ROOM];
static const char *texts = small;
static bool noted, lost;

static bool wanted(const char *text)
{
    return strncmp(text, OURS_BEGIN, sizeof OURS_BEGIN - 1) == 0 ||
           strncmp(text, RUNTIME_DIR, sizeof RUNTIME_DIR - 1) == 0;
}

static char *put(char *to, const char *text)
{
    size_t n = strlen(text) + 1;
    memcpy(to, text, n);
    return to + n;
}

void origin_note(void)
{
    /* Of a program that runs with more rights than who started it nothing is believed. */
    if (noted || getauxval(AT_SECURE) != 0)
        return;
    const char *name = program_invocation_short_name;
    if (name == NULL)
        name = "";
    size_t size = strlen(name) + 2;
    for (char **e = environ; e != NULL && *e != NULL; e++)
        if (wanted(*e))
            size += strlen(*e) + 1;
    char *to = small;
    if (size > ROOM && (to = os_map((size + PAGE - 1) & ~(size_t)(PAGE - 1), PAGE)) == NULL) {
        lost = true;
        return;
    }
    texts = to;
    to = put(to, name);
    for (char **e = environ; e != NULL && *e != NULL; e++)
        if (wanted(*e))
            to = put(to, *e);
    noted = true;
}

__attribute__((constructor)) static void note(void)
{
    origin_note();
}

bool origin_lost(void)
{
    return lost;
}

const char *origin_program(void)
{
    return texts;
}

const char *origin_next(const char *at)
{
    at = at != NULL ? at : texts;
    at += strlen(at) + 1;
    return noted && *at != 0 ? at : NULL;
}

const char *origin_variable(const char *name)
{
    size_t n = strlen(name);
    for (const char *at = NULL; (at = origin_next(at)) != NULL;)
        if (strncmp(at, name, n) == 0 && at[n] == '=')
            return at + n + 1;
    return NULL;
}
