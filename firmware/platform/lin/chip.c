/*
 * Linux, the SDK's simulator: the process tells nothing of a board's heap, nobody resets it, and a
 * restart is its end.
 */

#include "xsmc.h"
#include "mc.xs.h"
#include <stdlib.h>

void xs_fieldmote_heap(xsMachine *the) {}

void xs_fieldmote_reset(xsMachine *the) {}

void xs_fieldmote_restart(xsMachine *the)
{
	exit(0);
}
