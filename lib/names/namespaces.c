/*
 * namespaces.c - unshare() and setns(): the system refuses much of what they do to a process with several
 * threads, so ours end before and come again after. A process that goes to another network asks other
 * servers; what else it leaves behind is seen by the files, which are others there.
 */
#include "lookup.h"

#include <errno.h>
#include <sched.h>

static void rest(bool begin)
{
    int saved = errno;
    if (SWRCACHE_HAS(rest))
        swrcache_api->rest(begin);
    errno = saved;
}

NAMES_EXPORT int unshare(int flags)
{
    rest(true);
    int status = NAMES_NEXT(unshare)(flags);
    rest(false);
    if (status == 0 && (flags & CLONE_NEWNET) != 0)
        watch_moved(TOPIC_HOSTS);
    return status;
}

/* Of what kind the namespace is only the system knows where the caller does not say. */
NAMES_EXPORT int setns(int descriptor, int kind)
{
    rest(true);
    int status = NAMES_NEXT(setns)(descriptor, kind);
    rest(false);
    if (status == 0)
        watch_moved(kind == 0 ? TOPICS : (kind & CLONE_NEWNET) != 0 ? TOPIC_HOSTS : 0);
    return status;
}
