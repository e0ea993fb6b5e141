/* expect: policy '.ttl_ms = 0.5' of .* is no whole number */
#include <swrcache.h>

SWR_REGION_POLICY("shop", .ttl_ms = 0.5);
