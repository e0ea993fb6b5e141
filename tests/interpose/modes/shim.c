/* shim.c - the same functions by SWR_INTERPOSE. */
#include <swrcache.h>

SWR_INTERPOSE(int, number, (SWR_VAL(int, key), SWR_OUT(int, value)), .ttl_ms = SWR_HOURS(1));
SWR_INTERPOSE_STRING(text, (SWR_VAL(int, key)), .ttl_ms = SWR_HOURS(1), .mode = SWR_MODE_SHADOW);
SWR_INTERPOSE_VOID(fill, (SWR_VAL(int, key), SWR_OUT_BYTES(buffer, room), SWR_VAL(size_t, room)),
                   .ttl_ms = SWR_HOURS(1), .mode = SWR_MODE_OBSERVE);
