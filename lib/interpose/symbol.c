#define _GNU_SOURCE
#include "symbol.h"

#include <elf.h>
#include <fnmatch.h>
#include <link.h>
#include <string.h>
#include <sys/auxv.h>

/* The tables of one object. */
struct tables {
    uintptr_t base;
    const Elf64_Sym *symbols;
    const char *strings;
    const uint32_t *gnu_hash, *hash;
    const uint16_t *versym;
    const unsigned char *verdef;
    size_t verdefs;
    const char *soname;
};

/* How many objects the program was started with: those stay. 0: it is just starting. */
static unsigned long long started_with;

/* Not libc's: at the start a name of libc may be a library's that is not ready itself. */
static bool same_name(const char *a, const char *b)
{
    while (*a == *b && *a != 0) {
        a++;
        b++;
    }
    return *a == *b;
}

static int count_started(struct dl_phdr_info *info, size_t size, void *cookie)
{
    (void)size;
    (void)cookie;
    started_with = info->dlpi_adds;
    return 1;
}

__attribute__((constructor)) static void count_objects(void)
{
    dl_iterate_phdr(count_started, NULL);
}

static bool read_tables(const struct dl_phdr_info *info, struct tables *t)
{
    const Elf64_Dyn *dynamic = NULL;
    size_t soname = 0;
    *t = (struct tables){.base = info->dlpi_addr};
    for (int i = 0; i < info->dlpi_phnum; i++)
        if (info->dlpi_phdr[i].p_type == PT_DYNAMIC)
            dynamic = (const Elf64_Dyn *)(t->base + info->dlpi_phdr[i].p_vaddr);
    if (dynamic == NULL)
        return false;
    for (const Elf64_Dyn *d = dynamic; d->d_tag != DT_NULL; d++) {
        /* glibc has made addresses of the offsets, but not in every object. */
        uintptr_t at = d->d_un.d_ptr < t->base ? t->base + d->d_un.d_ptr : d->d_un.d_ptr;
        switch (d->d_tag) {
        case DT_SYMTAB:
            t->symbols = (const Elf64_Sym *)at;
            break;
        case DT_STRTAB:
            t->strings = (const char *)at;
            break;
        case DT_GNU_HASH:
            t->gnu_hash = (const uint32_t *)at;
            break;
        case DT_HASH:
            t->hash = (const uint32_t *)at;
            break;
        case DT_VERSYM:
            t->versym = (const uint16_t *)at;
            break;
        case DT_VERDEF:
            t->verdef = (const unsigned char *)at;
            break;
        case DT_VERDEFNUM:
            t->verdefs = d->d_un.d_val;
            break;
        case DT_SONAME:
            soname = d->d_un.d_val;
            break;
        }
    }
    if (t->symbols == NULL || t->strings == NULL)
        return false;
    t->soname = soname != 0 ? t->strings + soname : "";
    return true;
}

static bool is_version(const struct tables *t, uint32_t symbol, const char *version)
{
    if (t->versym == NULL || t->verdef == NULL)
        return version == NULL;
    uint16_t index = t->versym[symbol];
    if (version == NULL)
        return (index & 0x8000) == 0; /* the default one */
    const unsigned char *at = t->verdef;
    for (size_t i = 0; i < t->verdefs; i++) {
        const Elf64_Verdef *def = (const Elf64_Verdef *)at;
        const Elf64_Verdaux *aux = (const Elf64_Verdaux *)(at + def->vd_aux);
        if (def->vd_ndx == (index & 0x7FFF))
            return same_name(t->strings + aux->vda_name, version);
        at += def->vd_next;
    }
    return false;
}

static const Elf64_Sym *fits(const struct tables *t, uint32_t i, const struct symbol_query *query)
{
    const Elf64_Sym *s = &t->symbols[i];
    unsigned type = ELF64_ST_TYPE(s->st_info);
    if (s->st_shndx == SHN_UNDEF || ELF64_ST_BIND(s->st_info) == STB_LOCAL ||
        (type != STT_FUNC && type != STT_NOTYPE && type != STT_GNU_IFUNC) ||
        !same_name(t->strings + s->st_name, query->name) || !is_version(t, i, query->version))
        return NULL;
    return s;
}

static const Elf64_Sym *find(const struct tables *t, const struct symbol_query *query)
{
    const Elf64_Sym *found;
    if (t->gnu_hash != NULL) {
        uint32_t h = 5381, buckets = t->gnu_hash[0], first = t->gnu_hash[1], words = t->gnu_hash[2];
        for (const char *c = query->name; *c != 0; c++)
            h = h * 33 + (unsigned char)*c;
        const uint32_t *bucket = t->gnu_hash + 4 + 2 * words, *chain = bucket + buckets;
        uint32_t i = buckets != 0 ? bucket[h % buckets] : 0;
        for (; i >= first && i != 0; i++) {
            if ((chain[i - first] | 1) == (h | 1) && (found = fits(t, i, query)) != NULL)
                return found;
            if (chain[i - first] & 1)
                break;
        }
        return NULL;
    }
    /* An old object: all of its symbols, of which there is one for each link of the chains. */
    for (uint32_t i = 1; t->hash != NULL && i < t->hash[1]; i++)
        if ((found = fits(t, i, query)) != NULL)
            return found;
    return NULL;
}

static bool is_library(const struct dl_phdr_info *info, const struct tables *t, const char *library)
{
    const char *slash = strrchr(info->dlpi_name, '/');
    return fnmatch(library, slash != NULL ? slash + 1 : info->dlpi_name, 0) == 0 ||
           fnmatch(library, t->soname, 0) == 0;
}

static bool holds(const struct dl_phdr_info *info, const void *address)
{
    uintptr_t at = (uintptr_t)address;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const Elf64_Phdr *p = &info->dlpi_phdr[i];
        uintptr_t from = info->dlpi_addr + p->p_vaddr;
        if (p->p_type == PT_LOAD && at >= from && at < from + p->p_memsz)
            return true;
    }
    return false;
}

static void *address_of(const struct tables *t, const Elf64_Sym *s)
{
    uintptr_t at = t->base + s->st_value;
    if (ELF64_ST_TYPE(s->st_info) != STT_GNU_IFUNC)
        return (void *)at;
#if defined(__aarch64__)
    struct {
        unsigned long size, hwcap, hwcap2;
    } all = {sizeof all, getauxval(AT_HWCAP), getauxval(AT_HWCAP2)};
    return ((void *(*)(uint64_t, const void *))at)(all.hwcap | UINT64_C(1) << 62, &all);
#else
    return ((void *(*)(void))at)();
#endif
}

struct walk {
    const struct symbol_query *query;
    struct symbol_answer *answer;
    unsigned long long number;
    bool past; /* the object that asks lies behind */
    bool found;
};

static int visit(struct dl_phdr_info *info, size_t size, void *cookie)
{
    struct walk *w = cookie;
    struct tables t;
    const Elf64_Sym *s;
    (void)size;
    w->number++;
    if (holds(info, w->query->after)) {
        w->past = true;
        return 0;
    }
    if ((w->found && !w->past) || !read_tables(info, &t) ||
        (w->query->library != NULL && !is_library(info, &t, w->query->library)) ||
        (s = find(&t, w->query)) == NULL)
        return 0;
    w->answer->address = address_of(&t, s);
    w->answer->object = info->dlpi_name;
    w->answer->may_go = w->number > started_with;
    w->found = true;
    return w->past; /* one before stands in only until one after is seen */
}

/* What the dynamic linker tells debuggers: the list of objects. NULL: not found. */
static const struct link_map *linked(void)
{
    const Elf64_Phdr *first = (const Elf64_Phdr *)getauxval(AT_PHDR);
    unsigned long n = getauxval(AT_PHNUM);
    uintptr_t base = 0;
    for (unsigned long i = 0; first != NULL && i < n; i++)
        if (first[i].p_type == PT_PHDR)
            base = (uintptr_t)first - first[i].p_vaddr;
    for (unsigned long i = 0; first != NULL && i < n; i++) {
        if (first[i].p_type != PT_DYNAMIC)
            continue;
        for (const Elf64_Dyn *d = (const Elf64_Dyn *)(base + first[i].p_vaddr); d->d_tag != DT_NULL; d++)
            if (d->d_tag == DT_DEBUG && d->d_un.d_ptr != 0)
                return ((const struct r_debug *)d->d_un.d_ptr)->r_map;
    }
    return NULL;
}

/*
 * Before the constructors, when there is one thread and nothing comes or goes: without dl_iterate_phdr(),
 * which AddressSanitizer replaces and which leads nowhere until that has found it by dlsym().
 */
static bool walk_early(struct walk *w)
{
    const struct link_map *object = linked();
    if (object == NULL)
        return false;
    int enough = 0;
    for (object = object->l_next; object != NULL && !enough; object = object->l_next) {
        const Elf64_Ehdr *header = (const Elf64_Ehdr *)object->l_addr;
        if (header == NULL)
            continue;
        struct dl_phdr_info info = {.dlpi_addr = object->l_addr,
                                    .dlpi_name = object->l_name,
                                    .dlpi_phdr = (const Elf64_Phdr *)(object->l_addr + header->e_phoff),
                                    .dlpi_phnum = header->e_phnum};
        enough = visit(&info, sizeof info, w);
    }
    return true;
}

bool symbol_find(const struct symbol_query *query, struct symbol_answer *answer)
{
    struct walk w = {.query = query, .answer = answer};
    *answer = (struct symbol_answer){0};
    if (started_with != 0 || !walk_early(&w))
        dl_iterate_phdr(visit, &w);
    return w.found;
}
