/*
 * body_word.h - the api's words that a body says of its own result, that its caller asks after a call, and
 * that tests say to the clock and the pool. Outside a body the first kind does nothing.
 */
#ifndef RUNTIME_BODY_WORD_H
#define RUNTIME_BODY_WORD_H

#include "swrcache/abi.h"

/* What a body, its caller and a test may say: the api's. */
void body_skip(void);
void body_fail(void);
void body_set_ttl(int64_t ttl_ms, int64_t stale_ms);
void body_tag(const char *format, va_list args);
void body_last(struct swrcache_info *info);
void body_advance(uint64_t ms);
bool body_drain(uint64_t timeout_ms);

#endif
