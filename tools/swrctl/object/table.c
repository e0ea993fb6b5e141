/* table.c - what the dynamic linker and the unwinder read of an image. */
#include "image.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

static uint32_t gnu_hash(const char *name)
{
    uint32_t h = 5381;
    for (; *name != 0; name++)
        h = h * 33 + (unsigned char)*name;
    return h;
}

static uint32_t sysv_hash(const char *name)
{
    uint32_t h = 0;
    for (; *name != 0; name++) {
        h = (h << 4) + (unsigned char)*name;
        uint32_t high = h & 0xF0000000;
        h = (h ^ high >> 24) & ~high;
    }
    return h;
}

static uint32_t buckets_of(const struct image *image)
{
    uint32_t n = (uint32_t)(image->nsymbols - image->nundefined);
    return n != 0 ? n : 1;
}

static uint32_t sort_buckets; /* of the image being sorted */

static int by_bucket(const void *a, const void *b)
{
    const struct image_symbol *p = a, *q = b;
    if (p->undefined != q->undefined)
        return p->undefined ? -1 : 1;
    uint32_t i = gnu_hash(p->name) % sort_buckets, j = gnu_hash(q->name) % sort_buckets;
    return i != j ? (i < j ? -1 : 1) : strcmp(p->name, q->name);
}

void image_sort(struct image *image)
{
    image->nundefined = 0;
    for (size_t i = 0; i < image->nsymbols; i++)
        image->nundefined += image->symbols[i].undefined;
    sort_buckets = buckets_of(image);
    qsort(image->symbols, image->nsymbols, sizeof *image->symbols, by_bucket);
}

static void put32(struct image *image, enum section_name section, uint32_t value)
{
    image_put(image, section, &value, sizeof value);
}

static uint32_t dynstr(struct image *image, const char *text)
{
    return (uint32_t)(image_put(image, SECTION_DYNSTR, text, strlen(text) + 1) -
                      image->sections[SECTION_DYNSTR].address);
}

/* The number of a section among those of the file, as in its header table. */
static uint16_t text_index(const struct image *image)
{
    uint16_t n = 1;
    for (int i = 0; i < SECTION_TEXT; i++)
        n += (uint16_t)(image->sections[i].len != 0);
    return n;
}

static void put_symbols(struct image *image)
{
    Elf64_Sym none = {0};
    image_put(image, SECTION_DYNSYM, &none, sizeof none);
    for (size_t i = 0; i < image->nsymbols; i++) {
        const struct image_symbol *s = &image->symbols[i];
        bool defined = i >= image->nundefined;
        Elf64_Sym symbol = {.st_name = dynstr(image, s->name),
                            .st_info = ELF64_ST_INFO(STB_GLOBAL, defined ? STT_FUNC : STT_NOTYPE),
                            .st_value = defined ? s->address : 0,
                            .st_size = defined ? MACHINE_STUB_SIZE : 0};
        image_put(image, SECTION_DYNSYM, &symbol, sizeof symbol);
    }
}

/* Known only when every other section before the code has its length. */
static void place_symbols(struct image *image)
{
    uint16_t text = text_index(image);
    for (size_t i = image->nundefined; i < image->nsymbols; i++)
        memcpy(image->sections[SECTION_DYNSYM].bytes + (i + 1) * sizeof(Elf64_Sym) +
                   offsetof(Elf64_Sym, st_shndx),
               &text, sizeof text);
}

static void put_gnu_hash(struct image *image)
{
    uint32_t buckets = buckets_of(image), words = 1;
    while (words < buckets / 4)
        words *= 2;
    put32(image, SECTION_GNU_HASH, buckets);
    put32(image, SECTION_GNU_HASH, (uint32_t)image->nundefined + 1);
    put32(image, SECTION_GNU_HASH, words);
    put32(image, SECTION_GNU_HASH, 6);
    for (uint32_t w = 0; w < words; w++) {
        uint64_t bloom = 0;
        for (size_t i = image->nundefined; i < image->nsymbols; i++) {
            uint32_t h = gnu_hash(image->symbols[i].name);
            if (h / 64 % words == w)
                bloom |= UINT64_C(1) << h % 64 | UINT64_C(1) << (h >> 6) % 64;
        }
        image_put(image, SECTION_GNU_HASH, &bloom, sizeof bloom);
    }
    for (uint32_t b = 0; b < buckets; b++) {
        uint32_t first = 0;
        for (size_t i = image->nsymbols; i > image->nundefined; i--)
            if (gnu_hash(image->symbols[i - 1].name) % buckets == b)
                first = (uint32_t)i;
        put32(image, SECTION_GNU_HASH, first);
    }
    for (size_t i = image->nundefined; i < image->nsymbols; i++) {
        uint32_t h = gnu_hash(image->symbols[i].name);
        bool last = i + 1 == image->nsymbols || gnu_hash(image->symbols[i + 1].name) % buckets != h % buckets;
        put32(image, SECTION_GNU_HASH, (h & ~1u) | last);
    }
}

static void put_hash(struct image *image)
{
    uint32_t buckets = buckets_of(image), n = (uint32_t)image->nsymbols + 1;
    put32(image, SECTION_HASH, buckets);
    put32(image, SECTION_HASH, n);
    /* A bucket leads to the last symbol of its kind, and each of them to the one before. */
    for (uint32_t b = 0; b < buckets; b++) {
        uint32_t last = 0;
        for (uint32_t i = 0; i < image->nsymbols; i++)
            if (sysv_hash(image->symbols[i].name) % buckets == b)
                last = i + 1;
        put32(image, SECTION_HASH, last);
    }
    put32(image, SECTION_HASH, 0);
    for (uint32_t i = 0; i < image->nsymbols; i++) {
        uint32_t before = 0;
        for (uint32_t j = 0; j < i; j++)
            if (sysv_hash(image->symbols[j].name) % buckets == sysv_hash(image->symbols[i].name) % buckets)
                before = j + 1;
        put32(image, SECTION_HASH, before);
    }
}

/* The first symbol with the version of this one. */
static size_t first_of_version(const struct image *image, size_t i)
{
    for (size_t j = 0; j < i; j++)
        if (image->symbols[j].version != NULL &&
            strcmp(image->symbols[j].version, image->symbols[i].version) == 0)
            return j;
    return i;
}

static void put_verdef(struct image *image, const char *name, uint16_t flags, uint16_t index, bool last)
{
    Elf64_Verdef def = {.vd_version = 1,
                        .vd_flags = flags,
                        .vd_ndx = index,
                        .vd_cnt = 1,
                        .vd_hash = sysv_hash(name),
                        .vd_aux = sizeof def,
                        .vd_next = last ? 0 : sizeof def + sizeof(Elf64_Verdaux)};
    Elf64_Verdaux aux = {.vda_name = dynstr(image, name)};
    image_put(image, SECTION_VERDEF, &def, sizeof def);
    image_put(image, SECTION_VERDEF, &aux, sizeof aux);
}

/* Where no version is asked for the tables are left out. */
static void put_versions(struct image *image)
{
    image->versions = 0;
    uint16_t versions = 1, index = 1;
    for (size_t i = 0; i < image->nsymbols; i++)
        versions += image->symbols[i].version != NULL && first_of_version(image, i) == i;
    if (versions == 1)
        return;
    put_verdef(image, image->soname, VER_FLG_BASE, index, false);
    uint16_t *of = calloc(image->nsymbols + 1, sizeof *of);
    if (of == NULL) {
        image->failed = true;
        return;
    }
    for (size_t i = 0; i < image->nsymbols; i++) {
        const struct image_symbol *s = &image->symbols[i];
        of[i + 1] = i < image->nundefined ? VER_NDX_LOCAL : VER_NDX_GLOBAL;
        if (s->version == NULL)
            continue;
        size_t first = first_of_version(image, i);
        if (first == i) {
            of[i + 1] = ++index;
            put_verdef(image, s->version, 0, index, index == versions);
        } else {
            of[i + 1] = of[first + 1];
        }
    }
    image_put(image, SECTION_VERSYM, of, (image->nsymbols + 1) * sizeof *of);
    free(of);
    image->versions = versions;
}

/* One description for all the code: stubs jump on and never touch the stack. */
static void put_eh_frame(struct image *image)
{
    const struct machine *m = image->machine;
    const struct section *text = &image->sections[SECTION_TEXT];
    uint8_t cie[24] = {20,
                       0,
                       0,
                       0,
                       0,
                       0,
                       0,
                       0,
                       1,
                       'z',
                       'R',
                       0,
                       m->code_align,
                       0x78,
                       m->return_column,
                       1,
                       0x1B,
                       0x0C,
                       m->cfa_column,
                       m->cfa_offset};
    if (m->cfa_offset != 0) {
        cie[20] = (uint8_t)(0x80 | m->return_column); /* the return address: one word below */
        cie[21] = 1;
    }
    uint64_t start = image_put(image, SECTION_EH_FRAME, cie, sizeof cie);
    uint64_t fde = image_here(image, SECTION_EH_FRAME);
    put32(image, SECTION_EH_FRAME, 16);
    put32(image, SECTION_EH_FRAME, (uint32_t)(fde + 4 - start));
    put32(image, SECTION_EH_FRAME, (uint32_t)(text->address - (fde + 8)));
    put32(image, SECTION_EH_FRAME, (uint32_t)text->len);
    put32(image, SECTION_EH_FRAME, 0);
    put32(image, SECTION_EH_FRAME, 0); /* the end */

    uint64_t table = image_here(image, SECTION_EH_FRAME_HDR);
    static const uint8_t encodings[4] = {1, 0x1B, 0x03, 0x3B};
    image_put(image, SECTION_EH_FRAME_HDR, encodings, sizeof encodings);
    put32(image, SECTION_EH_FRAME_HDR, (uint32_t)(start - (table + 4)));
    put32(image, SECTION_EH_FRAME_HDR, 1);
    put32(image, SECTION_EH_FRAME_HDR, (uint32_t)(text->address - table));
    put32(image, SECTION_EH_FRAME_HDR, (uint32_t)(fde - table));
}

static void put_dynamic(struct image *image, uint32_t soname)
{
    const struct section *s = image->sections;
    Elf64_Dyn entries[] = {
        {DT_SONAME, {soname}},
        {DT_HASH, {s[SECTION_HASH].address}},
        {DT_GNU_HASH, {s[SECTION_GNU_HASH].address}},
        {DT_STRTAB, {s[SECTION_DYNSTR].address}},
        {DT_SYMTAB, {s[SECTION_DYNSYM].address}},
        {DT_STRSZ, {s[SECTION_DYNSTR].len}},
        {DT_SYMENT, {sizeof(Elf64_Sym)}},
        {DT_RELA, {s[SECTION_RELA].address}},
        {DT_RELASZ, {s[SECTION_RELA].len}},
        {DT_RELAENT, {sizeof(Elf64_Rela)}},
        {DT_FLAGS, {DF_BIND_NOW}},
        {DT_FLAGS_1, {DF_1_NOW | DF_1_NODELETE}},
    };
    image_put(image, SECTION_DYNAMIC, entries, sizeof entries);
    if (image->versions != 0) {
        Elf64_Dyn more[] = {{DT_VERSYM, {s[SECTION_VERSYM].address}},
                            {DT_VERDEF, {s[SECTION_VERDEF].address}},
                            {DT_VERDEFNUM, {image->versions}}};
        image_put(image, SECTION_DYNAMIC, more, sizeof more);
    }
    Elf64_Dyn end = {0};
    image_put(image, SECTION_DYNAMIC, &end, sizeof end);
}

void image_tables(struct image *image)
{
    image_put(image, SECTION_DYNSTR, "", 1);
    uint32_t soname = dynstr(image, image->soname);
    put_symbols(image);
    put_versions(image);
    put_gnu_hash(image);
    put_hash(image);
    put_eh_frame(image);
    if (!image->failed)
        place_symbols(image);
    put_dynamic(image, soname);
}
