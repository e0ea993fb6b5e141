/*
 * program.h - a program's file: can anything be preloaded into it, what does it and its libraries define.
 */
#ifndef SWRCTL_PROGRAM_H
#define SWRCTL_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A mapped ELF file. */
struct elf_file {
    const uint8_t *bytes;
    size_t len;
    uint16_t machine;
    bool has_interpreter, is_go, symbolic;
    char interpreter[256];
    size_t symbols; /* offset of .dynsym, `nsymbols` of them, names from `strings` */
    size_t nsymbols, strings, strings_len;
    size_t versions, nversions;       /* offset of a number for each symbol; 0: none */
    size_t definitions, ndefinitions; /* and of what the numbers mean, in the same strings */
    char soname[128];                 /* "": none */
    struct elf_index *index;          /* elf_index.h */
};

/* Whatever the file claims, reading it takes time in proportion to its length. */
bool elf_open(const char *path, struct elf_file *file);
void elf_close(struct elf_file *file);

/* The same of a file in memory, which stays the caller's. False: no ELF file. */
bool elf_read(const uint8_t *bytes, size_t len, struct elf_file *file);
void elf_forget(struct elf_file *file);

struct elf_use {
    bool defines, imports;
    bool inside; /* defines it, and no relocation by its name: its own calls, if any, are bound for good */
};
struct elf_use elf_use_of(const struct elf_file *file, const char *name);

/* Whether it has a function of that name that it offers to nobody, if its table of symbols was left in it. */
bool elf_has_inside(const struct elf_file *file, const char *name);

/* The names of what it takes from others. Calls visit() with each. */
void elf_imports(const struct elf_file *file, void (*visit)(const char *name, void *cookie), void *cookie);

/* The versions of a function that it defines, "" where they have none; calls visit() with each. */
void elf_versions_of(const struct elf_file *file, const char *name,
                     void (*visit)(const char *version, bool by_default, void *cookie), void *cookie);

/* A function that it offers to others; of several versions each by itself. Calls visit() with each. */
struct elf_export {
    const char *name;
    uint64_t value; /* where it begins */
    bool chosen;    /* IFUNC: what begins there chooses the function */
};
void elf_exports(const struct elf_file *file, void (*visit)(const struct elf_export *export, void *cookie),
                 void *cookie);

/* Like execvp(3): the file that would be run. False: not found, or not executable (errno says). */
bool program_find(const char *name, char *path, size_t room);

/*
 * A program of another libc than this one: its dynamic linker, by the name it asks for, is not ours. NULL: it
 * is of the same, or no program. Valid until the next call.
 */
const char *program_other_libc(const char *path);

/*
 * Why nothing can be preloaded into it; NULL: it can. Of a script its interpreter is meant, whose path is put
 * into `path` then.
 */
const char *program_refusal(char *path, size_t room);

#endif
