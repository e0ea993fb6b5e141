/* expect: region shop must be a string: SWR_REGION_POLICY */
#include <swrcache.h>

SWR_REGION_POLICY(shop, .ttl_ms = 5);
