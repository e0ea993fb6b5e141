/*
 * tree.h - what an entry goes by and stands on, and who stands on it.
 */
#ifndef CONTROL_TREE_H
#define CONTROL_TREE_H

#include "wire.h"
#include "runtime/registry/function.h"

/* The most that all of it takes, escaped. */
enum { TREE_TEXT = 3 * 4 * 2048 };

/* tags, stands_on, stood_on_by: each a list, keys separated by "; ", left out when empty. No lock is held. */
void tree_fields(struct wire_buffer *out, struct function *f, struct entry *e);

#endif
