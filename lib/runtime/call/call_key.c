#include "call_key.h"
#include "base/alive.h"

#include <errno.h>

struct lengthy {
    const struct key_shape *shape;
    const struct swrcache_arg *args;
};

static inline bool same_args(const struct entry *e, uint64_t identity, const void *what)
{
    const struct lengthy *l = what;
    return entry_is_of(e, identity) && key_same_args(l->shape, l->args, e->data, entry_key_len(e));
}

struct entry *call_key_find_lengthy(struct function *f, const struct swrcache_arg *args, uint64_t hash)
{
    struct lengthy l = {&f->shape, args};
    return table_find_by(&cache_table, atomic_load_explicit(&f->identity, memory_order_acquire), hash,
                         same_args, &l);
}

/*
 * The key of a call, on the caller's stack. One too long for it is given by its hash and length alone, with
 * bytes NULL: a hit allocates nothing. False: hand the call on.
 */
bool call_key_make(struct function *f, const struct swrcache_arg *args, unsigned char *stack, struct key *key)
{
    ptrdiff_t size = key_size(&f->shape, args);
    key->bytes = NULL;
    key->len = (size_t)size;
    if (size > KEY_ON_STACK)
        key->hash = key_hash_args(&f->shape, args);
    if (size < 0 || size > KEY_ON_STACK)
        return size >= 0;
    if ((size = key_encode(&f->shape, args, stack, (size_t)size)) < 0)
        return false;
    *key = (struct key){key_hash(&f->shape, stack, (size_t)size), (size_t)size, stack};
    return true;
}

/* A long key, encoded after all; os_free(*own) later. False: no memory, or the arguments are changing. */
bool call_key_encode(struct function *f, const struct swrcache_arg *args, struct key *key,
                     unsigned char **own)
{
    *own = NULL;
    if (key->bytes != NULL)
        return true;
    unsigned char *room = os_alloc(key->len);
    ptrdiff_t size = room != NULL ? key_encode(&f->shape, args, room, key->len) : KEY_DOUBTFUL;
    if (size < 0) {
        os_free(room);
        return false;
    }
    *own = room;
    *key = (struct key){key_hash(&f->shape, room, (size_t)size), (size_t)size, room};
    return true;
}

struct entry *call_key_find(struct function *f, const struct swrcache_arg *args, const struct key *key)
{
    if (unlikely(key->bytes == NULL))
        return call_key_find_lengthy(f, args, key->hash);
    return table_find(&cache_table, atomic_load_explicit(&f->identity, memory_order_acquire), key);
}

/* A long key is the thread's as long as its call runs: gives what it had before, for call_key_drop(). */
unsigned char *call_key_keep(struct thread *t, unsigned char *key)
{
    unsigned char *outer = t->lengthy;
    t->lengthy = key;
    return outer;
}

void call_key_drop(struct thread *t, unsigned char *outer)
{
    int error = errno;
    if (!alive_dead())
        thread_drop_key(t);
    t->lengthy = outer;
    errno = error;
}
