#define _GNU_SOURCE
#include "elf_index.h"

#include <stdlib.h>
#include <string.h>

#include "terminal/text.h"

/* A function whose name is longer is not for wrapping, see declaration.h. */
enum { NAME_MOST = 1024, VERSIONS = 0x8000 };

struct elf_index {
    uint32_t *first, *next; /* by the hash of a name, a symbol's number + 1 */
    size_t buckets;         /* a power of two */
    uint8_t *relocated;     /* of each symbol: a relocation is by its name */
    const char **versions;  /* what the numbers of versions mean, [VERSIONS] */
};

static const Elf64_Sym *symbols_of(const struct elf_file *f)
{
    return (const Elf64_Sym *)(f->bytes + f->symbols);
}

/* A whole string among those of the symbols, or NULL. */
static const char *string_of(const struct elf_file *f, uint64_t offset)
{
    if (offset >= f->strings_len)
        return NULL;
    size_t left = f->strings_len - offset, most = left < NAME_MOST ? left : NAME_MOST;
    const char *text = elf_at(f, f->strings + offset, most);
    return text != NULL && strnlen(text, most) < most ? text : NULL;
}

static size_t hash_of(const char *name)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (; *name != 0; name++)
        h = (h ^ (unsigned char)*name) * 0x100000001b3u;
    return (size_t)(h ^ h >> 32);
}

static void index_names(struct elf_index *x, const struct elf_file *f)
{
    for (x->buckets = 16; x->buckets < f->nsymbols; x->buckets *= 2)
        ;
    x->first = text_need(calloc(x->buckets, sizeof *x->first));
    x->next = text_need(calloc(f->nsymbols + 1, sizeof *x->next));
    /* From the last, so that those of one name come in their order. */
    for (size_t i = f->nsymbols; i-- > 0;) {
        const char *name = string_of(f, symbols_of(f)[i].st_name);
        if (name == NULL)
            continue;
        uint32_t *bucket = &x->first[hash_of(name) & (x->buckets - 1)];
        x->next[i] = *bucket;
        *bucket = (uint32_t)i + 1;
    }
}

/* Sections do not lie over one another: those that claim more than the file has are not read on. */
static void index_relocations(struct elf_index *x, const struct elf_file *f)
{
    const Elf64_Shdr *s;
    size_t left = f->len / sizeof(Elf64_Rela);
    x->relocated = text_need(calloc(f->nsymbols + 1, 1));
    for (size_t i = 0; (s = elf_section(f, i)) != NULL; i++) {
        const Elf64_Rela *r =
            s->sh_type == SHT_RELA && s->sh_offset % 8 == 0 ? elf_at(f, s->sh_offset, s->sh_size) : NULL;
        size_t n = r != NULL ? s->sh_size / sizeof *r : 0;
        for (; n > 0 && left > 0; n--, left--)
            if (ELF64_R_SYM(r[n - 1].r_info) < f->nsymbols)
                x->relocated[ELF64_R_SYM(r[n - 1].r_info)] = 1;
    }
}

/* Each lies behind the one before. */
static void index_versions(struct elf_index *x, const struct elf_file *f)
{
    size_t place = f->definitions;
    x->versions = text_need(calloc(VERSIONS, sizeof *x->versions));
    for (size_t i = 0; i < f->ndefinitions; i++) {
        const Elf64_Verdef *d = elf_at(f, place, sizeof *d);
        const Elf64_Verdaux *name = d != NULL ? elf_at(f, place + d->vd_aux, sizeof *name) : NULL;
        if (name == NULL)
            return;
        const char *text = d->vd_aux % 4 == 0 ? string_of(f, name->vda_name) : NULL;
        if ((d->vd_flags & VER_FLG_BASE) == 0 && d->vd_ndx < VERSIONS && x->versions[d->vd_ndx] == NULL)
            x->versions[d->vd_ndx] = text;
        if (d->vd_next == 0 || d->vd_next % 4 != 0)
            return;
        place += d->vd_next;
    }
}

struct elf_index *elf_index_new(void)
{
    return text_need(calloc(1, sizeof(struct elf_index)));
}

static const struct elf_index *index_of(const struct elf_file *f)
{
    if (f->index->buckets == 0) {
        index_names(f->index, f);
        index_relocations(f->index, f);
        index_versions(f->index, f);
    }
    return f->index;
}

void elf_index_free(struct elf_index *x)
{
    if (x == NULL)
        return;
    free(x->first);
    free(x->next);
    free(x->relocated);
    free(x->versions);
    free(x);
}

/* The first symbol of that name behind number `after` - 1; 0: none, else its number + 1. */
static uint32_t find(const struct elf_file *f, const struct elf_index *x, const char *name, uint32_t after)
{
    uint32_t at = after == 0 ? x->first[hash_of(name) & (x->buckets - 1)] : x->next[after - 1];
    while (at != 0 && strcmp(string_of(f, symbols_of(f)[at - 1].st_name), name) != 0)
        at = x->next[at - 1];
    return at;
}

static bool is_function(const Elf64_Sym *symbol)
{
    unsigned type = ELF64_ST_TYPE(symbol->st_info);
    return type == STT_FUNC || type == STT_GNU_IFUNC;
}

void elf_exports(const struct elf_file *f, void (*visit)(const struct elf_export *export, void *cookie),
                 void *cookie)
{
    for (size_t i = 0; i < f->nsymbols; i++) {
        const Elf64_Sym *s = &symbols_of(f)[i];
        unsigned bind = ELF64_ST_BIND(s->st_info), visibility = ELF64_ST_VISIBILITY(s->st_other);
        const char *name = s->st_shndx != SHN_UNDEF && is_function(s) &&
                                   (bind == STB_GLOBAL || bind == STB_WEAK) && visibility == STV_DEFAULT
                               ? string_of(f, s->st_name)
                               : NULL;
        if (name == NULL || name[0] == 0)
            continue;
        struct elf_export export = {name, s->st_value, ELF64_ST_TYPE(s->st_info) == STT_GNU_IFUNC};
        visit(&export, cookie);
    }
}

void elf_imports(const struct elf_file *f, void (*visit)(const char *name, void *cookie), void *cookie)
{
    for (size_t i = 0; i < f->nsymbols; i++) {
        const Elf64_Sym *s = &symbols_of(f)[i];
        const char *name = s->st_shndx == SHN_UNDEF ? string_of(f, s->st_name) : NULL;
        if (name != NULL && name[0] != 0)
            visit(name, cookie);
    }
}

struct elf_use elf_use_of(const struct elf_file *f, const char *name)
{
    struct elf_use use = {0};
    const struct elf_index *x = index_of(f);
    for (uint32_t at = 0; (at = find(f, x, name, at)) != 0;) {
        const Elf64_Sym *s = &symbols_of(f)[at - 1];
        if (s->st_shndx == SHN_UNDEF) {
            use.imports = true;
        } else if (is_function(s)) {
            use.defines = true;
            use.inside = !x->relocated[at - 1];
        }
    }
    return use;
}

void elf_versions_of(const struct elf_file *f, const char *name,
                     void (*visit)(const char *version, bool by_default, void *cookie), void *cookie)
{
    const struct elf_index *x = index_of(f);
    const Elf64_Versym *versions = (const Elf64_Versym *)(f->bytes + f->versions);
    for (uint32_t at = 0; (at = find(f, x, name, at)) != 0;) {
        const Elf64_Sym *s = &symbols_of(f)[at - 1];
        if (s->st_shndx == SHN_UNDEF || !is_function(s))
            continue;
        unsigned number = f->versions != 0 && at - 1 < f->nversions ? versions[at - 1] : VER_NDX_GLOBAL;
        const char *version = x->versions[number & (VERSIONS - 1)];
        visit(version != NULL ? version : "", (number & VERSIONS) == 0, cookie);
    }
}
