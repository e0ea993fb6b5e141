#include "image.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

enum { SEGMENTS = 7, HEADERS = sizeof(Elf64_Ehdr) + SEGMENTS * sizeof(Elf64_Phdr) };

static const struct kind {
    const char *name;
    uint32_t type;
    uint64_t flags, align, entry;
    int link; /* section_name + 1 */
} kinds[SECTIONS] = {
    [SECTION_HASH] = {".hash", SHT_HASH, SHF_ALLOC, 8, 4, SECTION_DYNSYM + 1},
    [SECTION_GNU_HASH] = {".gnu.hash", SHT_GNU_HASH, SHF_ALLOC, 8, 0, SECTION_DYNSYM + 1},
    [SECTION_DYNSYM] = {".dynsym", SHT_DYNSYM, SHF_ALLOC, 8, sizeof(Elf64_Sym), SECTION_DYNSTR + 1},
    [SECTION_DYNSTR] = {".dynstr", SHT_STRTAB, SHF_ALLOC, 1, 0, 0},
    [SECTION_VERSYM] = {".gnu.version", SHT_GNU_versym, SHF_ALLOC, 2, 2, SECTION_DYNSYM + 1},
    [SECTION_VERDEF] = {".gnu.version_d", SHT_GNU_verdef, SHF_ALLOC, 8, 0, SECTION_DYNSTR + 1},
    [SECTION_RELA] = {".rela.dyn", SHT_RELA, SHF_ALLOC, 8, sizeof(Elf64_Rela), SECTION_DYNSYM + 1},
    [SECTION_RODATA] = {".rodata", SHT_PROGBITS, SHF_ALLOC, 8, 0, 0},
    [SECTION_EH_FRAME_HDR] = {".eh_frame_hdr", SHT_PROGBITS, SHF_ALLOC, 4, 0, 0},
    [SECTION_EH_FRAME] = {".eh_frame", SHT_PROGBITS, SHF_ALLOC, 8, 0, 0},
    [SECTION_TEXT] = {".text", SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, 32, 0, 0},
    [SECTION_DYNAMIC] = {".dynamic", SHT_DYNAMIC, SHF_ALLOC | SHF_WRITE, 8, sizeof(Elf64_Dyn),
                         SECTION_DYNSTR + 1},
    [SECTION_GOT] = {".got", SHT_PROGBITS, SHF_ALLOC | SHF_WRITE, 8, 8, 0},
    [SECTION_DATA] = {".data", SHT_PROGBITS, SHF_ALLOC | SHF_WRITE, 16, 0, 0},
};

static uint64_t rounded(uint64_t n, uint64_t to)
{
    return (n + to - 1) & ~(to - 1);
}

uint64_t image_here(const struct image *image, enum section_name section)
{
    return image->sections[section].address + image->sections[section].len;
}

uint64_t image_put(struct image *image, enum section_name section, const void *bytes, size_t len)
{
    struct section *s = &image->sections[section];
    uint64_t at = image_here(image, section);
    if (len == 0)
        return at;
    if (len > s->room - s->len) {
        size_t room = (s->room + len) * 2;
        uint8_t *more = realloc(s->bytes, room);
        if (more == NULL) {
            image->failed = true;
            return at;
        }
        s->bytes = more;
        s->room = room;
    }
    memcpy(s->bytes + s->len, bytes, len);
    s->len += len;
    return at;
}

void image_align(struct image *image, enum section_name section, size_t to)
{
    static const uint8_t zeros[64];
    size_t len = image->sections[section].len;
    image_put(image, section, zeros, rounded(len, to) - len);
}

uint64_t image_string(struct image *image, const char *text)
{
    return text == NULL ? 0 : image_put(image, SECTION_RODATA, text, strlen(text) + 1);
}

static void relocate(struct image *image, uint64_t at, uint64_t info, uint64_t addend)
{
    Elf64_Rela rela = {at, info, (int64_t)addend};
    image_put(image, SECTION_RELA, &rela, sizeof rela);
}

void image_pointer(struct image *image, enum section_name section, uint64_t address)
{
    uint64_t at = image_put(image, section, &address, sizeof address);
    if (address != 0)
        relocate(image, at, image->machine->relative, address);
}

uint64_t image_got(struct image *image, size_t symbol)
{
    uint64_t zero = 0, at = image_put(image, SECTION_GOT, &zero, sizeof zero);
    relocate(image, at, (uint64_t)symbol << 32 | image->machine->glob_dat, 0);
    return at;
}

void image_start(struct image *image)
{
    for (int i = 0; i < SECTIONS; i++)
        image->sections[i].address = HEADERS;
}

void image_layout(struct image *image)
{
    uint64_t at = HEADERS;
    for (int i = 0; i < SECTIONS; i++) {
        if (i == SECTION_TEXT || i == SECTION_DYNAMIC || i == SECTION_DATA)
            at = rounded(at, image->machine->page);
        image->sections[i].address = at = rounded(at, kinds[i].align);
        at += image->sections[i].len;
        image->sections[i].len = 0;
    }
}

void image_free(struct image *image)
{
    for (int i = 0; i < SECTIONS; i++)
        free(image->sections[i].bytes);
}

static Elf64_Phdr segment(const struct image *image, uint32_t type, uint32_t flags, uint64_t from,
                          enum section_name last, uint64_t align)
{
    uint64_t size = image_here(image, last) - from;
    return (Elf64_Phdr){type, flags, from, from, from, size, size, align};
}

static void put_segments(const struct image *image, Elf64_Phdr *p)
{
    const struct section *s = image->sections;
    uint64_t page = image->machine->page, dynamic = s[SECTION_DYNAMIC].address;
    p[0] = segment(image, PT_LOAD, PF_R, 0, SECTION_EH_FRAME, page);
    p[1] = segment(image, PT_LOAD, PF_R | PF_X, s[SECTION_TEXT].address, SECTION_TEXT, page);
    p[2] = segment(image, PT_LOAD, PF_R | PF_W, dynamic, SECTION_DATA, page);
    p[3] = segment(image, PT_DYNAMIC, PF_R | PF_W, dynamic, SECTION_DYNAMIC, 8);
    p[4] = (Elf64_Phdr){.p_type = PT_GNU_STACK, .p_flags = PF_R | PF_W, .p_align = 16};
    p[5] = segment(image, PT_GNU_EH_FRAME, PF_R, s[SECTION_EH_FRAME_HDR].address, SECTION_EH_FRAME_HDR, 4);
    p[6] = segment(image, PT_GNU_RELRO, PF_R, dynamic, SECTION_GOT, 1);
    p[6].p_memsz = s[SECTION_DATA].address - dynamic;
    p[6].p_filesz = p[6].p_memsz;
}

/* Sections that are empty are left out; `number` gives the index of those that are there. */
static size_t put_sections(const struct image *image, uint8_t *file, size_t at, size_t names)
{
    Elf64_Shdr header = {0};
    size_t number[SECTIONS] = {0}, n = 1, name = 1;
    for (int i = 0; i < SECTIONS; i++)
        if (image->sections[i].len != 0)
            number[i] = n++;
    memcpy(file + at, &header, sizeof header);
    for (int i = 0; i < SECTIONS; i++) {
        const struct kind *k = &kinds[i];
        const struct section *s = &image->sections[i];
        if (s->len == 0)
            continue;
        header = (Elf64_Shdr){.sh_name = (uint32_t)name,
                              .sh_type = k->type,
                              .sh_flags = k->flags,
                              .sh_addr = s->address,
                              .sh_offset = s->address,
                              .sh_size = s->len,
                              .sh_addralign = k->align,
                              .sh_entsize = k->entry};
        if (k->link != 0)
            header.sh_link = (uint32_t)number[k->link - 1];
        if (i == SECTION_DYNSYM)
            header.sh_info = 1;
        if (i == SECTION_VERDEF)
            header.sh_info = image->versions;
        memcpy(file + at + number[i] * sizeof header, &header, sizeof header);
        memcpy(file + names + name, k->name, strlen(k->name) + 1);
        name += strlen(k->name) + 1;
    }
    memcpy(file + names + name, ".shstrtab", 10);
    header = (Elf64_Shdr){.sh_name = (uint32_t)name,
                          .sh_type = SHT_STRTAB,
                          .sh_offset = names,
                          .sh_size = name + 10,
                          .sh_addralign = 1};
    memcpy(file + at + n * sizeof header, &header, sizeof header);
    return n + 1;
}

uint8_t *image_file(const struct image *image, size_t *len)
{
    enum { NAMES = 256 };
    size_t names = image_here(image, SECTION_DATA), table = rounded(names + NAMES, 8);
    *len = table + (SECTIONS + 2) * sizeof(Elf64_Shdr);
    uint8_t *file = image->failed ? NULL : calloc(1, *len);
    if (file == NULL)
        return NULL;
    for (int i = 0; i < SECTIONS; i++)
        if (image->sections[i].len != 0)
            memcpy(file + image->sections[i].address, image->sections[i].bytes, image->sections[i].len);
    Elf64_Phdr segments[SEGMENTS];
    put_segments(image, segments);
    memcpy(file + sizeof(Elf64_Ehdr), segments, sizeof segments);
    size_t count = put_sections(image, file, table, names);
    Elf64_Ehdr header = {
        .e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT, ELFOSABI_SYSV},
        .e_type = ET_DYN,
        .e_machine = image->machine->elf,
        .e_version = EV_CURRENT,
        .e_phoff = sizeof header,
        .e_shoff = table,
        .e_ehsize = sizeof header,
        .e_phentsize = sizeof(Elf64_Phdr),
        .e_phnum = SEGMENTS,
        .e_shentsize = sizeof(Elf64_Shdr),
        .e_shnum = (uint16_t)count,
        .e_shstrndx = (uint16_t)(count - 1),
    };
    memcpy(file, &header, sizeof header);
    *len = table + count * sizeof(Elf64_Shdr);
    return file;
}
