/*
 * slot.h - what a generated object and the runtime tell each other.
 *
 * `swrctl run --wrap` writes a shared object with one exported stub a function. A stub puts the address of
 * its slot into a register that no argument uses (x86-64 r11, aarch64 x16) and jumps to swrcache_stub, which
 * saves the argument registers in a frame:
 *
 *                      x86-64                      aarch64
 *      0               rdi rsi rdx rcx r8 r9       x0 to x7
 *     48               rax (al counts vectors)
 *     64                                           x8
 *     64 / 80          xmm0 to xmm7, 16 each       q0 to q7, 16 each
 *    208               rbp                         x29
 *    216               the return address          x30
 *    224               stack words                 stack words
 *
 * `where` holds, for every parameter, the place of its word in that frame. `site.run` is a second piece of
 * code in the object: it puts the slot's address into the third argument and jumps to `replay`.
 */
#ifndef INTERPOSE_SLOT_H
#define INTERPOSE_SLOT_H

#include <swrcache/abi.h>

#define SLOT_ABI 5

enum { SLOT_PARAMS = 24 };
enum { FRAME_GENERAL = 0, FRAME_RETURN = 216, FRAME_STACK = 224 };
enum { FRAME_GENERALS_X86_64 = 6, FRAME_RAX_X86_64 = 48, FRAME_VECTOR_X86_64 = 64 };
enum { FRAME_GENERALS_AARCH64 = 8, FRAME_VECTOR_AARCH64 = 80 };
enum { FRAME_VECTORS = 8, FRAME_VECTOR_STEP = 16 };

enum slot_what { SLOT_FUNCTION = 1, SLOT_DLSYM };
enum slot_result { SLOT_VOID, SLOT_SCALAR, SLOT_STR, SLOT_CSTR };

struct interpose_object;

/* One rule of one function, in the object's writable data. The runtime writes what stands below `site`. */
struct interpose_slot {
    uint32_t abi, size;
    struct interpose_object *object;
    struct interpose_slot *next; /* another rule of the same function, asked when `from` does not fit */
    void *stub;
    const char *name, *library, *version, *from; /* NULL: not said; DLSYM has a name alone */
    uint32_t what, result;                       /* enum slot_... */
    uint32_t nvectors, nstack;                   /* vector registers used; words on the stack */
    int16_t where[SLOT_PARAMS];
    int16_t length[SLOT_PARAMS]; /* BYTES, OUT_BYTES: the parameter that says how many; -1: fixed */
    uint32_t fixed[SLOT_PARAMS];
    struct swrcache_site site;
    void (*replay)(const struct swrcache_arg *args, void *result, struct interpose_slot *slot);
    void *real; /* atomic */
    uint32_t ready;
};

struct interpose_object {
    uint32_t abi, nslots;
    struct interpose_slot *slots;
};

#endif
