/* shim.c - all forms of SWR_INTERPOSE. */
#include <swrcache.h>

struct thing;
struct thing *thing_copy(struct thing *t);
void thing_free(struct thing *t);

SWR_INTERPOSE(int, count, (SWR_STR(of), SWR_VAL(int, by)));
SWR_INTERPOSE_STRING(text, (SWR_VAL(int, n)), .ttl_ms = SWR_SECONDS(20));
SWR_INTERPOSE_OBJECT(struct thing, thing_make, (SWR_VAL(int, n)), thing_copy, thing_free);
SWR_INTERPOSE_VOID(measure, (SWR_VAL(int, n), SWR_OUT(double, result)));
