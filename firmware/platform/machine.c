/*
 * What XS knows of itself, in a release build too: the fields read here are in the machine's record
 * whether it is built with instrumentation or not, and the SDK's own modules read the record in the
 * same way. Shared by all platforms.
 */

#include "xsAll.h"

enum { SLOTS, CHUNKS, STACK, ROOM };
enum { PAINT = 0xA5 };

/*
 * Between stackBottom and stack nothing is ever read before it was written: the collector starts at
 * `stack`. So the rest can be painted, and the deepest use seen.
 */
void xs_fieldmote_paint(txMachine *the)
{
	c_memset(the->stackBottom, PAINT, (txByte *)the->stack - (txByte *)the->stackBottom);
}

static txInteger deepestStack(txMachine *the)
{
	txU1 *at = (txU1 *)the->stackBottom;
	while (at < (txU1 *)the->stack && *at == PAINT) at++;
	return (txInteger)((txU1 *)the->stackTop - at);
}

/* Bytes; the result stays undefined where there is no such figure. */
void xs_fieldmote_machine(txMachine *the)
{
	txInteger bytes = -1;
	switch (fxToInteger(the, mxArgv(0))) {
	case SLOTS:
		bytes = (txInteger)(the->currentHeapCount * sizeof(txSlot));
		break;
	case CHUNKS:
		bytes = (txInteger)the->currentChunksSize;
		break;
	case STACK:
		bytes = deepestStack(the);
		break;
	case ROOM:
#ifdef __ets__
		/* Only where `creation` has `static`: chunks grow up, slots down, this is between them. */
		if (the->heap != NULL) bytes = (txInteger)(the->heap_pend - the->heap_ptr);
#endif
		break;
	}
	if (bytes < 0) return;
	mxResult->value.integer = bytes;
	mxResult->kind = XS_INTEGER_KIND;
}
