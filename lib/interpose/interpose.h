/*
 * interpose.h - the parts of the way through a stub.
 */
#ifndef INTERPOSE_INTERPOSE_H
#define INTERPOSE_INTERPOSE_H

#include "slot.h"

#include <stdbool.h>

/* Where a result stands in a frame, by machine. */
#if defined(__aarch64__)
enum { FRAME_RESULT = FRAME_GENERAL, FRAME_VECTOR_RESULT = FRAME_VECTOR_AARCH64 };
#else
enum { FRAME_RESULT = FRAME_RAX_X86_64, FRAME_VECTOR_RESULT = FRAME_VECTOR_X86_64 };
#endif

/* From swrcache_stub. NULL: the result is in the frame; else the function to go on to. */
const void *interpose_enter(struct interpose_slot *slot, unsigned char *frame);
void swrcache_stub(void);
/* Calls with the registers and stack words of a frame; the result is left there. */
void interpose_invoke(const void *function, unsigned char *frame, size_t words);

/* Gets a rule ready for its first cached call; false: not now, or never. `slot->real` is known after it. */
enum {
    SLOT_UNKNOWN,
    SLOT_READY,
    SLOT_FOUND
}; /* of slot->ready; FOUND: its function is known, the runtime sleeps */
bool interpose_prepare(struct interpose_slot *slot);
const struct swrcache_api *interpose_api(void);

/*
 * The call that this thread is in, as it came: where a rule says less than the function takes, the rest of
 * the registers is the caller's. Not the worker's, who has no caller: mode shadow finds such rules by that.
 */
struct interpose_call {
    const struct interpose_slot *slot;
    const unsigned char *frame;
};
extern __thread struct interpose_call interpose_call __attribute__((tls_model("initial-exec")));

/*
 * Calls the real function with arguments of the runtime: what `site.run` jumps to. A string that the caller
 * does not own becomes one that stays a while, where it is to be kept.
 */
void interpose_replay(const struct swrcache_arg *args, void *result, struct interpose_slot *slot);

/* dlsym() of the program: who looks a wrapped function up gets its stub. */
const void *interpose_dlsym(struct interpose_slot *slot, unsigned char *frame);

/* Is the code at this address in an object of such a file name? */
bool interpose_caller_is(const char *pattern, const void *address);

/*
 * This text, for the caller on this thread alone to look at and to write into. `kept`: the cache has it; for
 * others a little of the room is not there. NULL: no more room.
 */
const char *interpose_lend(const char *text, size_t len, bool kept);

#endif
