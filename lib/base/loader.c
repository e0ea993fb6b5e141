#define _GNU_SOURCE
#include "loader.h"

#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <stddef.h>
#include <sys/auxv.h>

void loader_pin(const void *address)
{
    Dl_info info;
    if (dladdr(address, &info) != 0 && info.dli_fname != NULL)
        dlopen(info.dli_fname, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
}

#ifdef __GLIBC__
struct search {
    uintptr_t address;
    uintptr_t linker; /* where the dynamic linker itself is */
    bool found;
};

/* In the order of the linker's list: what stands before itself was there when the program began. */
static int look(struct dl_phdr_info *info, size_t size, void *cookie)
{
    struct search *s = cookie;
    (void)size;
    for (int i = 0; i < info->dlpi_phnum && !s->found; i++) {
        const ElfW(Phdr) *p = &info->dlpi_phdr[i];
        s->found = p->p_type == PT_LOAD && s->address - (info->dlpi_addr + p->p_vaddr) < p->p_memsz;
    }
    return s->found || info->dlpi_addr == s->linker;
}

static bool started_with(const void *address)
{
    /* 0: it was called by name, and where it stands nobody tells. */
    struct search s = {.address = (uintptr_t)address, .linker = getauxval(AT_BASE)};
    if (s.linker != 0)
        dl_iterate_phdr(look, &s);
    return s.found;
}

static void *open_again(const char *path, struct link_map **map)
{
    void *reference = dlopen(path, RTLD_LAZY | RTLD_NOLOAD);
    if (reference == NULL || dlinfo(reference, RTLD_DI_LINKMAP, map) == 0)
        return reference;
    dlclose(reference);
    return NULL;
}

bool loader_find(const void *address, struct loader_object *o)
{
    Dl_info info;
    struct link_map *map = NULL;
    if (started_with(address) || dladdr(address, &info) == 0 || info.dli_fname == NULL)
        return false;
    /* One that is not found by its name could not be kept. */
    void *reference = open_again(info.dli_fname, &map);
    if (reference == NULL)
        return false;
    *o = (struct loader_object){info.dli_fname, map};
    bool same = map->l_addr == (uintptr_t)info.dli_fbase;
    dlclose(reference);
    return same;
}

void *loader_keep(const struct loader_object *o)
{
    int saved = errno;
    struct link_map *map = NULL;
    void *reference = open_again(o->path, &map);
    if (reference != NULL && map != o->map) {
        dlclose(reference);
        reference = NULL;
    }
    errno = saved;
    return reference;
}

void loader_let(void *reference)
{
    int saved = errno;
    dlclose(reference);
    errno = saved;
}
#else
bool loader_find(const void *address, struct loader_object *o)
{
    (void)address;
    (void)o;
    return false;
}

void *loader_keep(const struct loader_object *o)
{
    (void)o;
    return NULL;
}

void loader_let(void *reference)
{
    (void)reference;
}
#endif
