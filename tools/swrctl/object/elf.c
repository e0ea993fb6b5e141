#define _GNU_SOURCE
#include "program.h"

#include <elf.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Everything in the file is doubted: `len` bytes at `offset`, or NULL. */
static const void *at(const struct elf_file *f, uint64_t offset, uint64_t len)
{
    return offset <= f->len && len <= f->len - offset ? f->bytes + offset : NULL;
}

static void read_segments(struct elf_file *f, const Elf64_Ehdr *h)
{
    for (int i = 0; i < h->e_phnum; i++) {
        const Elf64_Phdr *p = at(f, h->e_phoff + (uint64_t)i * sizeof *p, sizeof *p);
        if (p == NULL)
            return;
        const char *text = at(f, p->p_offset, p->p_filesz);
        if (p->p_type == PT_INTERP && text != NULL && p->p_filesz > 0 &&
            p->p_filesz <= sizeof f->interpreter) {
            f->has_interpreter = true;
            memcpy(f->interpreter, text, p->p_filesz);
            f->interpreter[p->p_filesz - 1] = 0;
        }
        if (p->p_type == PT_NOTE && text != NULL)
            f->is_go |= memmem(text, p->p_filesz, "Go\0", 4) != NULL;
        if (p->p_type == PT_DYNAMIC && text != NULL && p->p_offset % 8 == 0)
            for (const Elf64_Dyn *d = (const Elf64_Dyn *)text; (const char *)(d + 1) <= text + p->p_filesz;
                 d++)
                f->symbolic |=
                    d->d_tag == DT_SYMBOLIC || (d->d_tag == DT_FLAGS && (d->d_un.d_val & DF_SYMBOLIC) != 0);
    }
}

static const Elf64_Shdr *header(const struct elf_file *f, size_t i)
{
    const Elf64_Ehdr *h = (const Elf64_Ehdr *)f->bytes;
    return i < h->e_shnum ? at(f, h->e_shoff + i * sizeof(Elf64_Shdr), sizeof(Elf64_Shdr)) : NULL;
}

/* A whole string of a section of strings, or NULL. */
static const char *string_at(const struct elf_file *f, const Elf64_Shdr *strings, size_t offset)
{
    if (offset >= strings->sh_size)
        return NULL;
    const char *text = at(f, strings->sh_offset + offset, strings->sh_size - offset);
    return text != NULL && memchr(text, 0, strings->sh_size - offset) != NULL ? text : NULL;
}

static void read_soname(struct elf_file *f, const Elf64_Shdr *s)
{
    const Elf64_Dyn *d = s->sh_offset % 8 == 0 ? at(f, s->sh_offset, s->sh_size) : NULL;
    const Elf64_Shdr *strings = header(f, s->sh_link);
    for (size_t n = d != NULL && strings != NULL ? s->sh_size / sizeof *d : 0; n > 0; n--, d++) {
        const char *text = d->d_tag == DT_SONAME ? string_at(f, strings, d->d_un.d_val) : NULL;
        if (text != NULL && strlen(text) < sizeof f->soname)
            strcpy(f->soname, text);
    }
}

static void read_sections(struct elf_file *f)
{
    const Elf64_Shdr *s, *strings;
    for (size_t i = 0; (s = header(f, i)) != NULL; i++) {
        bool there = at(f, s->sh_offset, s->sh_size) != NULL;
        if (s->sh_type == SHT_GNU_versym && there && s->sh_offset % sizeof(Elf64_Versym) == 0) {
            f->versions = s->sh_offset;
            f->nversions = s->sh_size / sizeof(Elf64_Versym);
        } else if (s->sh_type == SHT_GNU_verdef && there && s->sh_offset % sizeof(Elf64_Word) == 0) {
            f->definitions = s->sh_offset;
            f->ndefinitions = s->sh_info;
        } else if (s->sh_type == SHT_DYNAMIC && there) {
            read_soname(f, s);
        }
        if (s->sh_type != SHT_DYNSYM || at(f, s->sh_offset, s->sh_size) == NULL || s->sh_offset % 8 != 0 ||
            (strings = header(f, s->sh_link)) == NULL || at(f, strings->sh_offset, strings->sh_size) == NULL)
            continue;
        f->symbols = s->sh_offset;
        f->nsymbols = s->sh_size / sizeof(Elf64_Sym);
        f->strings = strings->sh_offset;
        f->strings_len = strings->sh_size;
    }
}

bool elf_open(const char *path, struct elf_file *f)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    *f = (struct elf_file){0};
    void *map = MAP_FAILED;
    if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size >= (off_t)sizeof(Elf64_Ehdr))
        map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (fd >= 0)
        close(fd);
    if (map == MAP_FAILED)
        return false;
    f->bytes = map;
    f->len = (size_t)st.st_size;
    const Elf64_Ehdr *h = map;
    if (memcmp(h->e_ident, ELFMAG, SELFMAG) != 0) {
        elf_close(f);
        return false;
    }
    f->machine = h->e_machine;
    if (h->e_ident[EI_CLASS] == ELFCLASS64 && h->e_ident[EI_DATA] == ELFDATA2LSB && h->e_shoff % 8 == 0 &&
        h->e_phoff % 8 == 0) {
        read_segments(f, h);
        read_sections(f);
    } else {
        f->machine = EM_NONE;
    }
    return true;
}

void elf_close(struct elf_file *f)
{
    if (f->bytes != NULL)
        munmap((void *)(uintptr_t)f->bytes, f->len);
    f->bytes = NULL;
}

static bool relocated(const struct elf_file *f, size_t symbol)
{
    const Elf64_Shdr *s;
    for (size_t i = 0; (s = header(f, i)) != NULL; i++) {
        const Elf64_Rela *r =
            s->sh_type == SHT_RELA && s->sh_offset % 8 == 0 ? at(f, s->sh_offset, s->sh_size) : NULL;
        for (size_t n = r != NULL ? s->sh_size / sizeof *r : 0; n > 0; n--)
            if (ELF64_R_SYM(r[n - 1].r_info) == symbol)
                return true;
    }
    return false;
}

/* The symbol's name, if it is this one. */
static bool named(const struct elf_file *f, const Elf64_Sym *symbol, const char *name)
{
    size_t len = strlen(name) + 1;
    const char *text = at(f, f->strings + symbol->st_name, len);
    return symbol->st_name < f->strings_len && text != NULL && memcmp(text, name, len) == 0;
}

static bool is_function(const Elf64_Sym *symbol)
{
    unsigned type = ELF64_ST_TYPE(symbol->st_info);
    return type == STT_FUNC || type == STT_GNU_IFUNC;
}

void elf_exports(const struct elf_file *f, void (*visit)(const struct elf_export *export, void *cookie),
                 void *cookie)
{
    const Elf64_Sym *symbols = (const Elf64_Sym *)(f->bytes + f->symbols);
    for (size_t i = 0; i < f->nsymbols; i++) {
        const Elf64_Sym *s = &symbols[i];
        const char *name =
            s->st_name < f->strings_len ? at(f, f->strings + s->st_name, f->strings_len - s->st_name) : NULL;
        unsigned bind = ELF64_ST_BIND(s->st_info), visibility = ELF64_ST_VISIBILITY(s->st_other);
        if (s->st_shndx == SHN_UNDEF || !is_function(s) || (bind != STB_GLOBAL && bind != STB_WEAK) ||
            visibility != STV_DEFAULT || name == NULL ||
            memchr(name, 0, f->strings_len - s->st_name) == NULL || name[0] == 0)
            continue;
        struct elf_export export = {name, s->st_value, ELF64_ST_TYPE(s->st_info) == STT_GNU_IFUNC};
        visit(&export, cookie);
    }
}

struct elf_use elf_use_of(const struct elf_file *f, const char *name)
{
    struct elf_use use = {0};
    const Elf64_Sym *symbols = (const Elf64_Sym *)(f->bytes + f->symbols);
    for (size_t i = 0; i < f->nsymbols; i++) {
        if (!named(f, &symbols[i], name))
            continue;
        if (symbols[i].st_shndx == SHN_UNDEF) {
            use.imports = true;
        } else if (is_function(&symbols[i])) {
            use.defines = true;
            use.inside = !relocated(f, i);
        }
    }
    return use;
}

/* "" where there is none, or the file does not say it whole. */
static const char *version_named(const struct elf_file *f, unsigned number)
{
    size_t place = f->definitions;
    for (size_t i = 0; i < f->ndefinitions; i++) {
        const Elf64_Verdef *d = at(f, place, sizeof *d);
        const Elf64_Verdaux *name = d != NULL ? at(f, place + d->vd_aux, sizeof *name) : NULL;
        if (name == NULL)
            break;
        const char *text = name->vda_name < f->strings_len
                               ? at(f, f->strings + name->vda_name, f->strings_len - name->vda_name)
                               : NULL;
        if (d->vd_ndx == number && (d->vd_flags & VER_FLG_BASE) == 0 && text != NULL &&
            memchr(text, 0, f->strings_len - name->vda_name) != NULL)
            return text;
        if (d->vd_next == 0 || d->vd_next % 4 != 0)
            break;
        place += d->vd_next;
    }
    return "";
}

void elf_versions_of(const struct elf_file *f, const char *name,
                     void (*visit)(const char *version, bool by_default, void *cookie), void *cookie)
{
    const Elf64_Sym *symbols = (const Elf64_Sym *)(f->bytes + f->symbols);
    const Elf64_Versym *versions = (const Elf64_Versym *)(f->bytes + f->versions);
    for (size_t i = 0; i < f->nsymbols; i++) {
        if (symbols[i].st_shndx == SHN_UNDEF || !is_function(&symbols[i]) || !named(f, &symbols[i], name))
            continue;
        unsigned number = f->versions != 0 && i < f->nversions ? versions[i] : VER_NDX_GLOBAL;
        visit(version_named(f, number & 0x7FFF), (number & 0x8000) == 0, cookie);
    }
}
