#include "comparison.h"
#include "dependencies.h"
#include "runtime/registry/thread.h"
#include "base/os.h"

enum { KEY_ON_STACK = 256 };

static struct flight *open_at(struct function *f, const struct key *key, uint64_t shape)
{
    uint32_t shard = table_shard_of(key->hash);
    struct flight *fl = NULL;
    table_lock(&cache_table, shard);
    uint64_t identity = atomic_load(&f->identity);
    struct entry *e = table_find(&cache_table, identity, key);
    if (e != NULL && e->shape == shape)
        fl = flight_beside(f, identity, key);
    if (fl != NULL) {
        cache_ref(e);
        fl->before = e;
    }
    table_unlock(&cache_table, shard);
    return fl;
}

struct flight *comparison_open(struct function *f, const struct swrcache_arg *keyed, uint64_t shape)
{
    unsigned char stack[KEY_ON_STACK], *bytes = stack;
    ptrdiff_t size = key_size(&f->shape, keyed);
    struct flight *fl = NULL;
    if (size > (ptrdiff_t)sizeof stack)
        bytes = os_alloc((size_t)size);
    if (size >= 0 && bytes != NULL && (size = key_encode(&f->shape, keyed, bytes, (size_t)size)) >= 0) {
        struct key key = {key_hash(&f->shape, bytes, (size_t)size), (size_t)size, bytes};
        fl = open_at(f, &key, shape);
    }
    if (bytes != stack)
        os_free(bytes);
    return fl;
}

bool comparison_disturbed(struct flight *fl)
{
    uint32_t shard = table_shard_of(fl->key.hash), count;
    struct mark_name *names = dependencies_names(fl->function, fl, &count);
    table_lock(&cache_table, shard);
    dependencies_check(fl, names, count);
    bool disturbed = fl->fenced || fl->expired || fl->apart || !fl->listed ||
                     fl->identity != atomic_load(&fl->function->identity);
    table_unlock(&cache_table, shard);
    dependencies_free_names(names);
    return disturbed;
}

void comparison_close(struct flight *fl)
{
    uint32_t shard = table_shard_of(fl->key.hash);
    table_lock(&cache_table, shard);
    flight_unlist(fl);
    table_unlock(&cache_table, shard);
    flight_settle(fl, FLIGHT_DONE, NULL);
    flight_unref(fl);
}

void comparison_back(void *fl)
{
    comparison_close(fl);
}
