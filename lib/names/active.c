#include "active.h"

#include <errno.h>
#include <link.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <sys/auxv.h>

static const char *const programs[] = {
#define PROGRAM(name) name,
#include "programs.def"
#undef PROGRAM
};

static bool listed(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++)
        if (strcmp(name, programs[i]) == 0)
            return true;
    return false;
}

struct search {
    unsigned long long known, loaded;
    bool pam;
};

static int look(struct dl_phdr_info *object, size_t size, void *cookie)
{
    struct search *search = cookie;
    if (size < offsetof(struct dl_phdr_info, dlpi_subs))
        return 1;
    search->loaded = object->dlpi_adds;
    if (search->loaded == search->known)
        return 1;
    const char *slash = strrchr(object->dlpi_name, '/');
    const char *name = slash != NULL ? slash + 1 : object->dlpi_name;
    search->pam = strncmp(name, "libpam.so", 9) == 0;
    return search->pam;
}

bool active_pam(void)
{
    static _Atomic unsigned long long known;
    struct search search = {.known = atomic_load(&known)};
    dl_iterate_phdr(look, &search);
    atomic_store(&known, search.loaded);
    return search.pam;
}

static enum { UNKNOWN, LISTED, NOT_LISTED } by_name;

/*
 * By what was asked to run, which of a script is the script; and by the name it was given. Looked at before
 * the program can write a title over both.
 */
__attribute__((constructor(101))) static void know_name(void)
{
    const char *path = (const char *)(uintptr_t)getauxval(AT_EXECFN);
    by_name = (path != NULL && listed(path)) || listed(program_invocation_name) ? LISTED : NOT_LISTED;
}

bool active_program(void)
{
    if (by_name == UNKNOWN) /* asked by another constructor */
        know_name();
    return by_name == NOT_LISTED && !active_pam();
}
