#include "machine.h"

#include <elf.h>
#include <string.h>

#include "interpose/slot.h"

static void put32(uint8_t *to, uint32_t value)
{
    memcpy(to, &value, sizeof value);
}

static void stub_x86_64(uint8_t *code, uint64_t at, uint64_t slot, uint64_t entry)
{
    static const uint8_t bytes[] = {
        0xF3, 0x0F, 0x1E, 0xFA,             /* endbr64 */
        0x4C, 0x8D, 0x1D, 0,    0, 0, 0,    /* lea slot(%rip), %r11 */
        0xFF, 0x25, 0,    0,    0, 0, 0xCC, /* jmp *entry(%rip) */
    };
    memset(code, 0xCC, MACHINE_STUB_SIZE);
    memcpy(code, bytes, sizeof bytes);
    put32(code + 7, (uint32_t)(slot - (at + 11)));
    put32(code + 13, (uint32_t)(entry - (at + 17)));
}

static void replay_x86_64(uint8_t *code, uint64_t at, uint64_t slot, uint32_t offset)
{
    static const uint8_t bytes[] = {
        0xF3, 0x0F, 0x1E, 0xFA,             /* endbr64 */
        0x48, 0x8D, 0x15, 0,    0, 0, 0,    /* lea slot(%rip), %rdx */
        0xFF, 0xA2, 0,    0,    0, 0, 0xCC, /* jmp *offset(%rdx) */
    };
    memset(code, 0xCC, MACHINE_STUB_SIZE);
    memcpy(code, bytes, sizeof bytes);
    put32(code + 7, (uint32_t)(slot - (at + 11)));
    put32(code + 13, offset);
}

/* adr and ldr by the distance to what lies within a megabyte. */
static uint32_t adr(unsigned reg, uint64_t at, uint64_t to)
{
    uint32_t distance = (uint32_t)(to - at);
    return UINT32_C(0x10000000) | (distance & 3) << 29 | (distance >> 2 & 0x7FFFF) << 5 | reg;
}

static uint32_t ldr(unsigned reg, uint64_t at, uint64_t from)
{
    return UINT32_C(0x58000000) | ((uint32_t)(from - at) >> 2 & 0x7FFFF) << 5 | reg;
}

enum { BTI_C = 0xD503245F, BRK = 0xD4200020, BR = 0xD61F0000 };

static void fill_aarch64(uint8_t *code)
{
    for (int i = 0; i < MACHINE_STUB_SIZE; i += 4)
        put32(code + i, BRK);
    put32(code, BTI_C);
}

static void stub_aarch64(uint8_t *code, uint64_t at, uint64_t slot, uint64_t entry)
{
    fill_aarch64(code);
    put32(code + 4, adr(16, at + 4, slot));
    put32(code + 8, ldr(17, at + 8, entry));
    put32(code + 12, BR | 17 << 5);
}

static void replay_aarch64(uint8_t *code, uint64_t at, uint64_t slot, uint32_t offset)
{
    fill_aarch64(code);
    put32(code + 4, adr(2, at + 4, slot));
    put32(code + 8, UINT32_C(0xF9400000) | offset / 8 << 10 | 2 << 5 | 16); /* ldr x16, [x2, offset] */
    put32(code + 12, BR | 16 << 5);
}

const struct machine machine_x86_64 = {
    .name = "x86_64",
    .elf = EM_X86_64,
    .relative = R_X86_64_RELATIVE,
    .glob_dat = R_X86_64_GLOB_DAT,
    .page = 4096,
    .reach = 1 << 30,
    .generals = FRAME_GENERALS_X86_64,
    .vector = FRAME_VECTOR_X86_64,
    .code_align = 1,
    .return_column = 16,
    .cfa_column = 7,
    .cfa_offset = 8,
    .stub = stub_x86_64,
    .replay = replay_x86_64,
};

const struct machine machine_aarch64 = {
    .name = "aarch64",
    .elf = EM_AARCH64,
    .relative = R_AARCH64_RELATIVE,
    .glob_dat = R_AARCH64_GLOB_DAT,
    .page = 65536,
    .reach = 1 << 20,
    .generals = FRAME_GENERALS_AARCH64,
    .vector = FRAME_VECTOR_AARCH64,
    .code_align = 4,
    .return_column = 30,
    .cfa_column = 31,
    .cfa_offset = 0,
    .stub = stub_aarch64,
    .replay = replay_aarch64,
};

#if defined(__aarch64__)
const struct machine *const machine_here = &machine_aarch64;
#else
const struct machine *const machine_here = &machine_x86_64;
#endif

const struct machine *machine_named(const char *name)
{
    return strcmp(name, machine_x86_64.name) == 0    ? &machine_x86_64
           : strcmp(name, machine_aarch64.name) == 0 ? &machine_aarch64
                                                     : NULL;
}
