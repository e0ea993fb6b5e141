/* expect: region .*"region:shop\\?": the name alone, without region: */
#include <swrcache.h>

SWR_REGION_POLICY("region:shop", .ttl_ms = 5);
