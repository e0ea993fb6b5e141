/*
 * fuzz_object.c - the readers of ELF files and of their debug information, libdw in the loop, given files
 * that are spoilt in many ways. usage: fuzz_object elf|debug FILE      FILE: what is spoilt, with debug
 * information
 *
 * libFuzzer's inputs (-DLIBFUZZER=0: ELF, 1: debug information) are whole files.
 */
#define _GNU_SOURCE
#include "../fuzz.h"

#include <dwarf.h>
#include <elf.h>
#include <elfutils/libdw.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "object/debug.h"
#include "object/program.h"

#define HOLDS(condition)                                                                                     \
    do {                                                                                                     \
        if (!(condition)) {                                                                                  \
            fprintf(stderr, "FAILED: %s:%d: %s\n", __FILE__, __LINE__, #condition);                          \
            abort();                                                                                         \
        }                                                                                                    \
    } while (0)

static const struct elf_file *looked_into;
static unsigned long exports, functions;

static void take_version(const char *version, bool by_default, void *cookie)
{
    (void)by_default;
    *(size_t *)cookie += strlen(version);
}

static void take_export(const struct elf_export *export, void *cookie)
{
    size_t len = 0;
    HOLDS((const uint8_t *)export->name > looked_into->bytes);
    HOLDS((const uint8_t *)export->name + strlen(export->name) < looked_into->bytes + looked_into->len);
    struct elf_use use = elf_use_of(looked_into, export->name);
    HOLDS(use.defines);
    elf_versions_of(looked_into, export->name, take_version, &len);
    ++*(unsigned long *)cookie;
}

static void read_elf(const uint8_t *bytes, size_t len)
{
    struct elf_file file;
    if (elf_read(bytes, len, &file)) {
        looked_into = &file;
        HOLDS(memchr(file.interpreter, 0, sizeof file.interpreter) != NULL);
        HOLDS(memchr(file.soname, 0, sizeof file.soname) != NULL);
        elf_exports(&file, take_export, &exports);
        HOLDS(!elf_use_of(&file, "no such name").defines);
        elf_forget(&file);
    }
}

static void take_function(uint64_t address, const char *result, const char *parameters, void *cookie)
{
    (void)address;
    HOLDS(strlen(result) < 4096 && strlen(parameters) < 4096);
    HOLDS(parameters[0] == '(' && parameters[strlen(parameters) - 1] == ')');
    ++*(unsigned long *)cookie;
}

static void read_debug(const uint8_t *bytes, size_t len)
{
    static int fd = -1;
    static char path[64];
    if (fd < 0) {
        fd = memfd_create("spoilt", MFD_CLOEXEC);
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        setenv("DEBUGINFOD_URLS", "", 1);
    }
    HOLDS(ftruncate(fd, 0) == 0 && pwrite(fd, bytes, len, 0) == (ssize_t)len);
    debug_functions(path, take_function, &functions);
}

#ifdef LIBFUZZER
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    (LIBFUZZER ? read_debug : read_elf)(data, size);
    return 0;
}
#else
static uint8_t *seed, *spoilt;
static size_t seed_len;

static const Elf64_Shdr *section_at(size_t i, const char **name)
{
    const Elf64_Ehdr *h = (const Elf64_Ehdr *)seed;
    const Elf64_Shdr *s = (const Elf64_Shdr *)(seed + h->e_shoff);
    *name = (const char *)seed + s[h->e_shstrndx].sh_offset + s[i].sh_name;
    return &s[i];
}

static bool matters(const Elf64_Shdr *s, const char *name, bool debug)
{
    return debug ? strncmp(name, ".debug_", 7) == 0
                 : s->sh_type == SHT_DYNSYM || s->sh_type == SHT_STRTAB || s->sh_type == SHT_RELA ||
                       s->sh_type == SHT_GNU_verdef || s->sh_type == SHT_DYNAMIC ||
                       s->sh_type == SHT_GNU_versym;
}

/* Where spoiling matters: a section, the headers, or anywhere. */
static void place_of(bool debug, size_t *from, size_t *len)
{
    const Elf64_Ehdr *h = (const Elf64_Ehdr *)seed;
    const char *name;
    *from = 0;
    *len = seed_len;
    switch (fuzz_below(debug ? 24 : 6)) {
    case 0:
        *len = sizeof *h;
        return;
    case 1:
        *from = h->e_phoff;
        *len = h->e_phnum * sizeof(Elf64_Phdr);
        return;
    case 2:
        *from = h->e_shoff;
        *len = h->e_shnum * sizeof(Elf64_Shdr);
        return;
    case 3:
        return;
    }
    for (int tries = 0; tries < 100; tries++) {
        const Elf64_Shdr *s = section_at(fuzz_below(h->e_shnum), &name);
        if (matters(s, name, debug) && s->sh_size != 0) {
            *from = s->sh_offset;
            *len = s->sh_size;
            return;
        }
    }
}

enum { REFERENCES = 4096 };
static size_t references[REFERENCES]; /* where one stands in the file */
static uint32_t places[REFERENCES];   /* what one may lead to, in its unit */
static size_t nreferences, nplaces;

/* Types are references of four bytes to others, all in the one unit. */
static void find_references(Dwarf_Die *parent)
{
    Dwarf_Die die;
    Dwarf_Attribute type;
    for (int end = dwarf_child(parent, &die); end == 0; end = dwarf_siblingof(&die, &die)) {
        if (nplaces < REFERENCES)
            places[nplaces++] = (uint32_t)dwarf_cuoffset(&die);
        if (nreferences < REFERENCES && dwarf_attr(&die, DW_AT_type, &type) != NULL &&
            dwarf_whatform(&type) == DW_FORM_ref4)
            references[nreferences++] = (size_t)(type.valp - seed);
        find_references(&die);
    }
}

static void find_types(void)
{
    Elf *elf = elf_version(EV_CURRENT) != EV_NONE ? elf_memory((char *)seed, seed_len) : NULL;
    Dwarf *debug = elf != NULL ? dwarf_begin_elf(elf, DWARF_C_READ, NULL) : NULL;
    Dwarf_CU *unit = NULL;
    Dwarf_Die die;
    HOLDS(debug != NULL);
    if (dwarf_get_units(debug, unit, &unit, NULL, NULL, &die, NULL) == 0)
        find_references(&die);
    HOLDS(nreferences > 20 && references[0] < seed_len);
    dwarf_end(debug);
    elf_end(elf);
}

/* One type is made of another, as often as not of itself. */
static void misdirect(void)
{
    uint32_t place = places[fuzz_below(nplaces)];
    memcpy(spoilt + references[fuzz_below(nreferences)], &place, sizeof place);
}

static void spoil(bool debug)
{
    static const uint64_t odd[] = {
        0,      1,      2,          7,          8,          0x7F,           0x80,     0xFF,
        0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, UINT64_MAX, UINT64_MAX - 7, INT64_MAX};
    memcpy(spoilt, seed, seed_len);
    for (size_t n = debug && fuzz_below(2) == 0 ? 1 + fuzz_below(8) : 0; n > 0; n--)
        misdirect();
    for (size_t n = fuzz_below(6); n > 0; n--) {
        size_t from, len, width = (size_t)1 << fuzz_below(4);
        place_of(debug, &from, &len);
        size_t at = from + fuzz_below(len);
        uint64_t value = odd[fuzz_below(sizeof odd / sizeof *odd)];
        if (fuzz_below(3) == 0)
            value = fuzz_below(seed_len);
        if (at + width > seed_len)
            continue;
        if (fuzz_below(3) == 0)
            spoilt[at] = (uint8_t)(spoilt[at] + 1 - 2 * fuzz_below(2));
        else if (fuzz_below(2) == 0)
            spoilt[at] = (uint8_t)fuzz_below(256);
        else
            memcpy(spoilt + at, &value, width);
    }
}

int main(int argc, char **argv)
{
    struct stat st;
    bool debug = argc == 3 && strcmp(argv[1], "debug") == 0;
    int fd = argc == 3 ? open(argv[2], O_RDONLY | O_CLOEXEC) : -1;
    HOLDS(fd >= 0 && fstat(fd, &st) == 0);
    seed_len = (size_t)st.st_size;
    seed = malloc(seed_len);
    spoilt = aligned_alloc(16, (seed_len + 15) & ~(size_t)15);
    HOLDS(seed != NULL && spoilt != NULL && read(fd, seed, seed_len) == st.st_size);
    if (debug)
        find_types();
    unsigned long inputs = fuzz_inputs(debug ? 20000 : 300000);
    for (fuzz_input = 0; fuzz_input < inputs; fuzz_input++) {
        if (fuzz_input == 0)
            memcpy(spoilt, seed, seed_len);
        else
            spoil(debug);
        alarm(60);
        (debug ? read_debug : read_elf)(spoilt, fuzz_below(8) == 0 ? fuzz_below(seed_len + 1) : seed_len);
    }
    printf("%lu inputs, %lu exports, %lu functions\n", inputs, exports, functions);
    free(seed);
    free(spoilt);
    return debug ? functions < inputs / 2 : exports < inputs / 2; /* else the inputs try too little */
}
#endif
