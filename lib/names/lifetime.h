/*
 * lifetime.h - how long names live in the cache, and why.
 *
 * Fresh for a short time: nobody tells a program that a name has changed, and the lifetime of a DNS record is
 * not visible through getaddrinfo(). Then stale up to a minute, the commonest lifetime of a DNS record:
 * served at once while one refresh runs. Then for hours only while a lookup fails or takes longer than a
 * caller should wait: a dead resolver or directory must not take the program down. That there is none is
 * remembered briefly and never served stale, as the name may just be being made.
 */
#ifndef NAMES_LIFETIME_H
#define NAMES_LIFETIME_H

#define NAMES_NEGATIVE_MS 5000

#define NAMES_HOSTS                                                                                          \
    .ttl_ms = SWR_SECONDS(5), .stale_ms = SWR_SECONDS(55), .stale_if_error_ms = SWR_HOURS(6),                \
    .wait_ms = SWR_SECONDS(2), .retry_max_ms = SWR_SECONDS(10), .max_entries = 20000,                        \
    .region = "names.hosts"

#define NAMES_ACCOUNTS                                                                                       \
    .ttl_ms = SWR_SECONDS(10), .stale_ms = SWR_SECONDS(50), .stale_if_error_ms = SWR_HOURS(6),               \
    .wait_ms = SWR_SECONDS(5), .retry_max_ms = SWR_SECONDS(10), .max_entries = 20000

/* A table of the machine, watched: it changes with the system. */
#define NAMES_SERVICES                                                                                       \
    .ttl_ms = SWR_MINUTES(1), .stale_ms = SWR_MINUTES(9), .stale_if_error_ms = SWR_HOURS(6),                 \
    .max_entries = 20000, .region = "names.services"

#endif
