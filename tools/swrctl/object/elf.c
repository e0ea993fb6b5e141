#define _GNU_SOURCE
#include "program.h"

#include <elf.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "elf_index.h"

/* So much of so many notes is looked at for Go's. */
enum { NOTES_MOST = 32, NOTE_MOST = 4096 };

/* Everything in the file is doubted: `len` bytes at `offset`, or NULL. */
const void *elf_at(const struct elf_file *f, uint64_t offset, uint64_t len)
{
    return offset <= f->len && len <= f->len - offset ? f->bytes + offset : NULL;
}

const Elf64_Shdr *elf_section(const struct elf_file *f, size_t i)
{
    const Elf64_Ehdr *h = (const Elf64_Ehdr *)f->bytes;
    return f->machine != EM_NONE && i < h->e_shnum
               ? elf_at(f, h->e_shoff + i * sizeof(Elf64_Shdr), sizeof(Elf64_Shdr))
               : NULL;
}

static void read_interpreter(struct elf_file *f, const char *text, size_t len)
{
    if (f->has_interpreter || len == 0 || len > sizeof f->interpreter)
        return;
    f->has_interpreter = true;
    memcpy(f->interpreter, text, len);
    f->interpreter[len - 1] = 0;
}

static void read_flags(struct elf_file *f, const void *dynamic, size_t len)
{
    const Elf64_Dyn *d = dynamic;
    for (size_t n = len / sizeof *d; n > 0; n--, d++)
        f->symbolic |=
            d->d_tag == DT_SYMBOLIC || (d->d_tag == DT_FLAGS && (d->d_un.d_val & DF_SYMBOLIC) != 0);
}

/* Of each kind the first: they may lie over one another, each as long as the file. */
static void read_segments(struct elf_file *f, const Elf64_Ehdr *h)
{
    unsigned notes = 0;
    bool dynamic = false;
    for (int i = 0; i < h->e_phnum; i++) {
        const Elf64_Phdr *p = elf_at(f, h->e_phoff + (uint64_t)i * sizeof *p, sizeof *p);
        if (p == NULL)
            return;
        const char *text = elf_at(f, p->p_offset, p->p_filesz);
        if (text == NULL)
            continue;
        if (p->p_type == PT_INTERP)
            read_interpreter(f, text, p->p_filesz);
        if (p->p_type == PT_NOTE && notes++ < NOTES_MOST)
            f->is_go |= memmem(text, p->p_filesz < NOTE_MOST ? p->p_filesz : NOTE_MOST, "Go\0", 4) != NULL;
        if (p->p_type == PT_DYNAMIC && !dynamic && p->p_offset % 8 == 0) {
            dynamic = true;
            read_flags(f, text, p->p_filesz);
        }
    }
}

static void read_soname(struct elf_file *f, const Elf64_Shdr *s)
{
    const Elf64_Dyn *d = s->sh_offset % 8 == 0 ? elf_at(f, s->sh_offset, s->sh_size) : NULL;
    const Elf64_Shdr *strings = elf_section(f, s->sh_link);
    if (d == NULL || strings == NULL)
        return;
    size_t n = s->sh_size / sizeof *d;
    while (n > 0 && d->d_tag != DT_SONAME)
        n--, d++;
    if (n == 0 || d->d_un.d_val >= strings->sh_size)
        return;
    size_t left = strings->sh_size - d->d_un.d_val;
    const char *text = elf_at(f, strings->sh_offset + d->d_un.d_val, left);
    size_t most = left < sizeof f->soname ? left : sizeof f->soname;
    if (text != NULL && strnlen(text, most) < most)
        strcpy(f->soname, text);
}

static void read_sections(struct elf_file *f)
{
    const Elf64_Shdr *s, *strings;
    bool dynamic = false;
    for (size_t i = 0; (s = elf_section(f, i)) != NULL; i++) {
        if (elf_at(f, s->sh_offset, s->sh_size) == NULL)
            continue;
        if (s->sh_type == SHT_GNU_versym && f->versions == 0 && s->sh_offset % sizeof(Elf64_Versym) == 0) {
            f->versions = s->sh_offset;
            f->nversions = s->sh_size / sizeof(Elf64_Versym);
        } else if (s->sh_type == SHT_GNU_verdef && f->definitions == 0 &&
                   s->sh_offset % sizeof(Elf64_Word) == 0) {
            f->definitions = s->sh_offset;
            f->ndefinitions = s->sh_info;
        } else if (s->sh_type == SHT_DYNAMIC && !dynamic) {
            dynamic = true;
            read_soname(f, s);
        } else if (s->sh_type == SHT_DYNSYM && f->nsymbols == 0 && s->sh_offset % 8 == 0 &&
                   (strings = elf_section(f, s->sh_link)) != NULL &&
                   elf_at(f, strings->sh_offset, strings->sh_size) != NULL) {
            f->symbols = s->sh_offset;
            f->nsymbols = s->sh_size / sizeof(Elf64_Sym);
            f->strings = strings->sh_offset;
            f->strings_len = strings->sh_size;
        }
    }
    if (f->nsymbols > UINT32_MAX / 2)
        f->nsymbols = 0;
}

bool elf_read(const uint8_t *bytes, size_t len, struct elf_file *f)
{
    *f = (struct elf_file){.bytes = bytes, .len = len};
    const Elf64_Ehdr *h = (const Elf64_Ehdr *)bytes;
    if (len < sizeof *h || memcmp(h->e_ident, ELFMAG, SELFMAG) != 0)
        return false;
    f->index = elf_index_new();
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

void elf_forget(struct elf_file *f)
{
    elf_index_free(f->index);
    *f = (struct elf_file){0};
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
    if (elf_read(map, (size_t)st.st_size, f))
        return true;
    elf_close(f);
    return false;
}

void elf_close(struct elf_file *f)
{
    void *map = (void *)(uintptr_t)f->bytes;
    size_t len = f->len;
    elf_forget(f);
    if (map != NULL)
        munmap(map, len);
}

bool elf_has_inside(const struct elf_file *f, const char *name)
{
    const Elf64_Shdr *s = NULL, *strings;
    size_t len = strlen(name) + 1, i = 0;
    while ((s = elf_section(f, i)) != NULL && s->sh_type != SHT_SYMTAB)
        i++;
    const Elf64_Sym *symbols =
        s != NULL && s->sh_offset % 8 == 0 ? elf_at(f, s->sh_offset, s->sh_size) : NULL;
    if (symbols == NULL || (strings = elf_section(f, s->sh_link)) == NULL)
        return false;
    for (size_t n = s->sh_size / sizeof *symbols; n > 0; n--, symbols++) {
        const char *text = symbols->st_name < strings->sh_size && len <= strings->sh_size - symbols->st_name
                               ? elf_at(f, strings->sh_offset + symbols->st_name, len)
                               : NULL;
        if (ELF64_ST_TYPE(symbols->st_info) == STT_FUNC && symbols->st_shndx != SHN_UNDEF && text != NULL &&
            memcmp(text, name, len) == 0)
            return true;
    }
    return false;
}
