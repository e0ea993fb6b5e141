/* register.h - what every cached function of the preset says of itself before the runtime sees it. */
#ifndef NAMES_REGISTER_H
#define NAMES_REGISTER_H

#include "watch.h"

/*
 * Shown to tools as the function that programs call, tuned by the environment, and dropped when its files
 * change.
 *
 *   SWR_NAMES_TTL, SWR_NAMES_STALE, SWR_NAMES_STALE_IF_ERROR   250ms, 20s, 5m, 1h, 0, inf; for all of the
 * preset
 */
void names_register(struct swrcache_site *site, const char *shown, enum names_topic topic,
                    size_t (*all)(enum swrcache_operation));

/* After the annotation of `cached`. Before the constructor that finds the runtime. */
#define NAMES_REGISTER(topic, cached, shown)                                                                 \
    __attribute__((constructor(101))) static void register_##cached(void)                                    \
    {                                                                                                        \
        names_register(&swrcache_site_##cached, shown, topic, swrcache_all_##cached);                        \
    }

#endif
