/*
 * elf_index.h - the symbols of an ELF file by their names, with what else is asked of them: made in one walk
 * over each of its tables, at the first question.
 */
#ifndef SWRCTL_ELF_INDEX_H
#define SWRCTL_ELF_INDEX_H

#include <elf.h>

#include "program.h"

/* Empty. */
struct elf_index *elf_index_new(void);
void elf_index_free(struct elf_index *index);

/* For elf_index.c: `len` bytes at `offset` of the file, and a section's header; NULL: it has not so much. */
const void *elf_at(const struct elf_file *f, uint64_t offset, uint64_t len);
const Elf64_Shdr *elf_section(const struct elf_file *f, size_t i);

#endif
