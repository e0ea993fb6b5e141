/*
 * image.h - a shared object in memory.
 *
 * Its contents refer to each other by address, and addresses follow from sizes: so it is filled twice. The
 * first time the addresses are nonsense, none of them 0, and only sizes come out; image_layout() gives the
 * sections their places, and the second filling puts down what holds. Both must put the same number of bytes.
 */
#ifndef SWRCTL_IMAGE_H
#define SWRCTL_IMAGE_H

#include <stdbool.h>

#include "machine.h"

/* In the order of the file: read only, code, written once, written. */
enum section_name {
    SECTION_HASH,
    SECTION_GNU_HASH,
    SECTION_DYNSYM,
    SECTION_DYNSTR,
    SECTION_VERSYM,
    SECTION_VERDEF,
    SECTION_RELA,
    SECTION_RODATA,
    SECTION_EH_FRAME_HDR,
    SECTION_EH_FRAME,
    SECTION_TEXT,
    SECTION_DYNAMIC,
    SECTION_GOT,
    SECTION_DATA,
    SECTIONS
};

struct section {
    uint8_t *bytes;
    size_t len, room;
    uint64_t address; /* also its offset in the file */
};

struct image_symbol {
    const char *name, *version; /* version NULL: none */
    bool undefined;
    size_t owner; /* the user's: image_sort() moves symbols about */
    uint64_t address;
};

struct image {
    const struct machine *machine;
    struct section sections[SECTIONS];
    const char *soname;
    struct image_symbol *symbols; /* image_symbols() sorts them; the undefined ones first */
    size_t nsymbols, nundefined;
    uint16_t versions; /* how many are defined, the soname's counted; 0: none */
    bool failed;       /* no memory */
};

/* Before the filling: puts the symbols into the order that the hash tables want. */
void image_sort(struct image *image);
void image_start(struct image *image);  /* the first filling */
void image_layout(struct image *image); /* the second */
void image_free(struct image *image);

/* Appending: where it went, or will. */
uint64_t image_put(struct image *image, enum section_name section, const void *bytes, size_t len);
uint64_t image_here(const struct image *image, enum section_name section);
void image_align(struct image *image, enum section_name section, size_t to);
/* A string among the constants; 0 for NULL. */
uint64_t image_string(struct image *image, const char *text);
/* A word that will hold `address` wherever the object is loaded; 0 stays 0. */
void image_pointer(struct image *image, enum section_name section, uint64_t address);
/* A word of the GOT that holds the symbol's address. */
uint64_t image_got(struct image *image, size_t symbol);

/* The tables of the dynamic linker and of the unwinder, from the symbols and the code. */
void image_tables(struct image *image);

/* The finished file, malloc'ed; NULL without memory. */
uint8_t *image_file(const struct image *image, size_t *len);

#endif
