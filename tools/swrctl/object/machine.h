/*
 * machine.h - what the two machines differ in: relocations, the code of a stub, where arguments travel.
 */
#ifndef SWRCTL_MACHINE_H
#define SWRCTL_MACHINE_H

#include <stddef.h>
#include <stdint.h>

enum { MACHINE_STUB_SIZE = 32 };

struct machine {
    const char *name;
    uint16_t elf;
    uint32_t relative, glob_dat; /* types of relocation */
    uint32_t page;               /* the largest the system may have */
    uint32_t reach;              /* how far code sees */
    uint32_t generals;           /* registers for integers and pointers */
    uint32_t vector;             /* place of the first vector register in the frame (slot.h) */
    uint8_t code_align, return_column, cfa_column, cfa_offset; /* .eh_frame */
    /* The code, MACHINE_STUB_SIZE bytes, for the addresses it will stand and look at. */
    void (*stub)(uint8_t *code, uint64_t at, uint64_t slot, uint64_t entry);
    void (*replay)(uint8_t *code, uint64_t at, uint64_t slot, uint32_t offset);
};

extern const struct machine machine_x86_64, machine_aarch64;
extern const struct machine *const machine_here;

/* NULL: none of that name. */
const struct machine *machine_named(const char *name);

#endif
