/* Marks: who has which, found without looking at the others; the walk amid changes; fences. */
#include <criterion/criterion.h>

#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/fence.h"
#include "../gate.h"
#include "core/mark.h"
#include "unit.h"

/* Of other units' sorts there is none here. */
static struct entry *marked(uint64_t number, const struct mark_name *names, uint32_t count)
{
    struct key key = {number * 0x9E3779B97F4A7C15u, sizeof number, (const unsigned char *)&number};
    struct entry *e = entry_new(&key, 1, 3, (struct entry_extra){.marks_len = mark_room(names, count)});
    cr_assert_not_null(e);
    memcpy(entry_value(e), "abc", 3);
    mark_fill(e, names, count);
    return e;
}

struct seen {
    uint32_t count;
    struct entry *drop; /* unlinked by the first visit */
    struct entry *add;  /* linked by the first visit */
};

static void see(struct entry *e, uint64_t digest, void *cookie)
{
    struct seen *s = cookie;
    (void)digest;
    atomic_fetch_sub(&e->refs, 1);
    s->count++;
    if (s->drop != NULL)
        mark_unlink(s->drop);
    if (s->add != NULL)
        cr_assert(mark_link(s->add));
    s->drop = s->add = NULL;
}

static uint32_t seen(uint64_t id)
{
    struct seen s = {0};
    mark_walk(id, see, &s);
    return s.count;
}

Test(mark, an_entry_carries_its_names)
{
    struct mark_name names[] = {mark_tag("user:42"), mark_key(7, 99), mark_whole(7), mark_tag("")};
    names[1].digest = 5;
    struct entry *e = marked(1, names, 4), *plain = marked(2, NULL, 0);
    struct mark_set *set = mark_set_of(e);
    cr_assert_null(mark_set_of(plain));
    cr_assert_eq(set->count, 4);
    cr_assert_str_eq(set->links[0].name.text, "user:42");
    cr_assert_neq(set->links[0].name.text, names[0].text, "a copy");
    cr_assert_eq(set->links[1].name.digest, 5);
    cr_assert_str_eq(set->links[3].name.text, "");
    cr_assert_eq(memcmp(entry_value(e), "abc", 3), 0);
    cr_assert_gt(entry_bytes(e), entry_bytes(plain) + 4 * sizeof(struct mark_link));
    cr_assert_neq(mark_key(7, 99).id, mark_key(8, 99).id);
    cr_assert_neq(mark_any(7).id, mark_whole(7).id);
    entry_free(e);
    entry_free(plain);
}

Test(mark, many_are_found_and_forgotten)
{
    enum { N = 5000 };
    static struct entry *all[N];
    for (uint32_t i = 0; i < N; i++) {
        char text[20];
        snprintf(text, sizeof text, "of:%u", i % 100);
        struct mark_name names[] = {mark_tag("all"), mark_tag(text)};
        all[i] = marked(i, names, 2);
        cr_assert(mark_link(all[i]));
    }
    cr_assert_eq(mark_count(mark_tag("all").id), N);
    cr_assert_eq(seen(mark_tag("all").id), N);
    cr_assert_eq(seen(mark_tag("of:17").id), N / 100);
    cr_assert_eq(seen(mark_tag("of:100").id), 0);
    for (uint32_t i = 0; i < N; i++) {
        cr_assert_eq(atomic_load(&all[i]->refs), 1);
        mark_unlink(all[i]);
        mark_unlink(all[i]);
        entry_free(all[i]);
    }
    cr_assert_eq(mark_count(mark_tag("all").id), 0);
    cr_assert_eq(seen(mark_tag("of:17").id), 0);
}

Test(mark, a_walk_amid_changes_shows_those_that_stay)
{
    enum { N = 300 };
    static struct entry *all[N + 1];
    struct mark_name name = mark_tag("x");
    for (uint32_t i = 0; i <= N; i++)
        all[i] = marked(i, &name, 1);
    for (uint32_t i = 0; i < N; i++)
        mark_link(all[i]);
    /* The oldest stands last: not yet come by when it goes. */
    struct seen s = {.drop = all[0], .add = all[N]};
    mark_walk(name.id, see, &s);
    cr_assert_eq(s.count, N - 1);
    cr_assert_eq(seen(name.id), N);
    for (uint32_t i = 0; i <= N; i++) {
        mark_unlink(all[i]);
        entry_free(all[i]);
    }
}

/* What stands in the list of an entry's first mark, walkers' places as well. */
static uint32_t nodes(const struct entry *e)
{
    const struct mark_link *l = &mark_set_of(e)->links[0];
    uint32_t n = 0;
    while (l->prev != NULL)
        l = l->prev;
    for (; l != NULL; l = l->next)
        n++;
    return n;
}

static void *walk(void *name)
{
    seen(((struct mark_name *)name)->id);
    return NULL;
}

/* Threads stand amid their walks at a fork, and are not in the child: nor are their places in the lists,
 * which lie on stacks that the child's threads get. */
Test(mark, a_forks_child_has_no_walks)
{
    enum { N = 200, WALKERS = 3 };
    static struct entry *all[N], *alone;
    struct mark_name crowd = mark_tag("crowd"), single = mark_tag("single");
    struct mark_name *names[WALKERS] = {&crowd, &crowd, &single};
    pthread_t walkers[WALKERS];
    for (uint32_t i = 0; i < N; i++)
        cr_assert(mark_link(all[i] = marked(i, &crowd, 1)));
    cr_assert(mark_link(alone = marked(N, &single, 1)));
    gate_close("walk.between");
    for (int i = 0; i < WALKERS; i++)
        pthread_create(&walkers[i], NULL, walk, names[i]);
    gate_await(WALKERS);
    cr_assert_eq(nodes(all[0]), N + 2, "they stand in the lists");
    cr_assert_eq(nodes(alone), 1 + 1);
    pid_t child = fork();
    if (child == 0) {
        atomic_store(&sync_hook, NULL);
        mark_fork_child();
        bool good = nodes(all[0]) == N && nodes(alone) == 1 && mark_count(crowd.id) == N;
        good &= seen(crowd.id) == N && seen(single.id) == 1;
        mark_fork_child();
        good &= nodes(all[0]) == N;
        mark_unlink(alone); /* the last of its mark, which is forgotten with it */
        _exit(good && mark_count(single.id) == 0 && seen(single.id) == 0 ? 0 : 1);
    }
    int status = -1;
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert_eq(status, 0, "the child's lists: %x", status);
    cr_assert_eq(nodes(all[0]), N + 2, "the parent's walks go on");
    gate_open();
    for (int i = 0; i < WALKERS; i++)
        pthread_join(walkers[i], NULL);
    cr_assert_eq(nodes(all[0]), N);
    for (uint32_t i = 0; i < N; i++) {
        mark_unlink(all[i]);
        entry_free(all[i]);
    }
    mark_unlink(alone);
    entry_free(alone);
}

Test(mark, fences_remember_the_latest)
{
    uint64_t id = mark_tag("fenced").id, before = fence_now();
    cr_assert_eq(fence_since(id, before), 0);
    uint64_t first = fence_raise(id), second = fence_raise(id);
    cr_assert_gt(second, first);
    cr_assert_eq(fence_since(id, before), second);
    cr_assert_eq(fence_since(id, first), second);
    cr_assert_eq(fence_since(id, second), 0);
    cr_assert_eq(fence_since(id, fence_now()), 0);
    fence_changed(id, 77);
    cr_assert(fence_differs(id, 78, before));
    cr_assert_not(fence_differs(id, 77, before));
    cr_assert_not(fence_differs(id, 78, fence_now()));
}
