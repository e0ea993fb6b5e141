#include "entry.h"
#include "mark.h"

#include <string.h>

struct entry *entry_new(const struct key *key, uint64_t identity, size_t opaque_len, size_t value_len,
                        size_t marks_len)
{
    if (value_len > UINT32_MAX / 2 || marks_len > UINT32_MAX / 2 || key->len > UINT32_MAX / 2 ||
        opaque_len > UINT16_MAX)
        return NULL;
    struct entry *e;
    size_t size = sizeof *e + key->len + opaque_len + value_len;
    e = os_alloc(marks_len == 0 ? size : ((size + 7) & ~(size_t)7) + marks_len);
    if (e == NULL)
        return NULL;
    memset(e, 0, sizeof *e);
    e->identity = identity;
    e->hash = key->hash;
    e->key_len = (uint32_t)key->len;
    e->opaque_len = (uint16_t)opaque_len;
    e->value_len = (uint32_t)value_len;
    atomic_store_explicit(&e->refs, 1, memory_order_relaxed);
    memcpy(e->data, key->bytes, key->len);
    return e;
}

size_t entry_marked_bytes(const struct entry *e)
{
    return entry_marks_offset(e) + mark_set_of(e)->bytes;
}

void entry_free(struct entry *e)
{
#ifdef SWRCACHE_TESTING
    /* Whoever still looks at it sees nothing that could pass for a value. */
    memset(e, 0xde, entry_bytes(e));
#endif
    os_free(e);
}
