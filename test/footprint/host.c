/*
 * Runs a Moddable application built for Linux (mc.so, which it is linked with) without a screen, in
 * one block of memory of a given size, and tells what its slots, chunks and stack have grown to.
 *
 *     host BLOCK_BYTES [STACK_SLOTS]
 *
 * The block is used as a board with `static` uses it: chunks grow from the bottom, the stack and then
 * slots from the top; where they meet, memory is out and the machine aborts. The application is
 * started as on a board (setup/ modules, then main), without the screen object of the simulator.
 * Lines on stdin: `figures NAME` prints `@figures` and JSON; `collect NAME` collects garbage first;
 * `reset` lets the peaks start anew; `census` tells what holds the slots (census.c); `world WHAT N`
 * turns what stand-ins/board-io.c has around the board; the end of stdin ends the host. An abort
 * prints the functions that were under way, innermost first, with their bytes of stack, as `@call`.
 * With fewer slots of stack than the program's deepest use they are that use's. Exit code: 3 after an
 * abort.
 */

#include "xsAll.h"
#include "xs.h"
#include "mc.xs.h"
#include "xsScript.h"
#include "screen.h"

#include <signal.h>

enum { BLOCK_ALIGNMENT = 16, PAINT = 0xA5, ABORTED = 3, C_STACK_BYTES = 65536 };

static uint8_t *gBlock, *gBlockEnd;
/* Chunks are below gChunksEnd, stack and slots from gSlotsStart. */
static uint8_t *gChunksEnd, *gSlotsStart;
static GMainLoop *gLoop;
static txScreen gScreen;
/* The part of the C stack that was painted; what runs later leaves its mark there. */
static volatile uint8_t *gCStack;
static int gSetupPending = 1;
static txPreparation *gPreparation;

extern void *xsPreparationAndCreation(xsCreation **creation);
extern void printCensus(txMachine *the, uint8_t *start, uint8_t *end);
/* Of the application, where it has pins. */
extern __attribute__((weak)) void boardWorld(txMachine *the, const char *what, int value);

/* Memory. Called by the engine. */

static int isOwn(uint8_t *end, uint8_t *start)
{
	return end <= start;
}

void *fxAllocateChunks(txMachine *the, txSize size)
{
	txBlock *block = the->firstBlock;
	if (block == NULL) {
		uint8_t *result = gChunksEnd;
		if (!isOwn(gChunksEnd + size, gSlotsStart)) return NULL;
		gChunksEnd += size;
		return result;
	}
	/* The engine adds `size` to the limit of a block that ends where the new one starts. What is free
	   at the end of the block counts, and the header of a second block is not needed. */
	txSize grow = size - (txSize)sizeof(txBlock) - (txSize)(block->limit - block->current);
	if (!isOwn(gChunksEnd + grow, gSlotsStart)) return NULL;
	gChunksEnd += grow;
	block->limit = (txByte *)gChunksEnd - size;
	the->maximumChunksSize += grow - (size - (txSize)sizeof(txBlock)) - (txSize)sizeof(txBlock);
	return block->limit;
}

static void *takeSlots(txSize bytes)
{
	if (!isOwn(gChunksEnd, gSlotsStart - bytes)) return NULL;
	gSlotsStart -= bytes;
	return gSlotsStart;
}

txSlot *fxAllocateSlots(txMachine *the, txSize count)
{
	txSize bytes = count * (txSize)sizeof(txSlot);
	int isStack = the->stackBottom == NULL;
	void *result = takeSlots(bytes);
	the->growHeapDirection = -1;
	if (result == NULL && the->firstBlock != NULL) {
		/* The chunks give back what they do not use. */
		fxCollect(the, XS_COMPACT_FLAG | XS_ORGANIC_FLAG);
		txBlock *block = the->firstBlock;
		the->maximumChunksSize -= block->limit - block->current;
		gChunksEnd = (uint8_t *)block->current;
		block->limit = block->current;
		result = takeSlots(bytes);
	}
	if (isStack && result != NULL) memset(result, PAINT, bytes);
	return result;
}

void fxFreeChunks(txMachine *the, void *chunks) {}
void fxFreeSlots(txMachine *the, void *slots) {}

/* Figures. */

static txSize stackPeakBytes(txMachine *the)
{
	uint8_t *at = (uint8_t *)the->stackBottom;
	while (at < (uint8_t *)the->stackTop && *at == PAINT) at++;
	return (txSize)((uint8_t *)the->stackTop - at);
}

/* Below main(); painted again by each call, of which nothing else may be running. */
__attribute__((noinline)) static void paintCStack(void)
{
	volatile uint8_t area[C_STACK_BYTES];
	for (int i = 0; i < C_STACK_BYTES; i++) area[i] = PAINT;
	gCStack = area;
}

static long cStackPeakBytes(void)
{
	int at = 0;
	while (at < C_STACK_BYTES && gCStack[at] == PAINT) at++;
	return C_STACK_BYTES - at;
}

static void resetPeaks(txMachine *the)
{
	memset(the->stackBottom, PAINT, (uint8_t *)the->stack - (uint8_t *)the->stackBottom);
	the->peakChunksSize = the->currentChunksSize;
	the->peakHeapCount = the->currentHeapCount;
}

static void printFigures(txMachine *the, const char *name)
{
	long slot = sizeof(txSlot);
	printf("@figures {\"name\":\"%s\",\"slots\":%ld,\"slotsUsed\":%ld,\"slotsPeak\":%ld,"
		"\"chunks\":%ld,\"chunksUsed\":%ld,\"chunksPeak\":%ld,\"stack\":%ld,\"stackPeak\":%ld,"
		"\"block\":%ld,\"keys\":%ld,\"cStackPeak\":%ld}\n",
		name, the->maximumHeapCount * slot, the->currentHeapCount * slot, the->peakHeapCount * slot,
		(long)the->maximumChunksSize, (long)the->currentChunksSize, (long)the->peakChunksSize,
		(long)(the->stackTop - the->stackBottom) * slot, (long)stackPeakBytes(the),
		(long)((gChunksEnd - gBlock) + (gBlockEnd - gSlotsStart)),
		(long)(the->keyIndex - gPreparation->keyCount), cStackPeakBytes());
	fflush(stdout);
}

static gboolean onCommand(GIOChannel *channel, GIOCondition condition, gpointer unused)
{
	txMachine *the = gScreen.machine;
	char *line = NULL, name[128];
	int value;
	if (g_io_channel_read_line(channel, &line, NULL, NULL, NULL) != G_IO_STATUS_NORMAL) {
		g_main_loop_quit(gLoop);
		return FALSE;
	}
	if (sscanf(line, "figures %127s", name) == 1) printFigures(the, name);
	else if (sscanf(line, "collect %127s", name) == 1) {
		fxCollectGarbage(the);
		printFigures(the, name);
	}
	else if (strncmp(line, "census", 6) == 0) {
		fxCollectGarbage(the);
		printCensus(the, gSlotsStart, gBlockEnd);
	}
	else if (sscanf(line, "world %127s %d", name, &value) == 2 && boardWorld) {
		boardWorld(the, name, value);
	}
	else if (strncmp(line, "reset", 5) == 0) resetPeaks(the);
	else printf("host: unknown command: %s", line);
	g_free(line);
	return TRUE;
}

/* Start, as on a board. */

static void printCalls(txMachine *the)
{
	txSlot *below = the->stack;
	for (txSlot *frame = the->frame; frame != NULL; frame = frame->next) {
		txSlot *function = frame + 2;
		txString name = NULL;
		if (function->kind == XS_REFERENCE_KIND && function->value.reference->next != NULL)
			name = fxGetKeyName(the, function->value.reference->next->ID);
		printf("@call %5ld %s\n", (long)((uint8_t *)frame - (uint8_t *)below), name ? name : "?");
		below = frame;
	}
}

static void onAbort(txScreen *screen, int status)
{
	printf("@abort %d\n", status);
	printCalls(screen->machine);
	printFigures(screen->machine, "abort");
	_exit(ABORTED);
}

static void setupDone(xsMachine *the)
{
	if (--gSetupPending > 0) return;
	xsBeginHost(the);
	{
		xsVars(1);
		xsVar(0) = xsImportNow(gPreparation->main);
		xsVar(0) = xsGet(xsVar(0), fxID(the, "default"));
		if (xsTest(xsVar(0)) && xsIsInstanceOf(xsVar(0), xsFunctionPrototype))
			xsCallFunction0(xsVar(0), xsGlobal);
	}
	xsEndHost(the);
}

static void startSetup(xsMachine *the)
{
	txScript *script = gPreparation->scripts;
	txInteger count = gPreparation->scriptCount;
	xsBeginHost(the);
	{
		xsVars(1);
		xsVar(0) = xsNewHostFunction(setupDone, 0);
		for (; count > 0; count--, script++) {
			char path[C_PATH_MAX], *dot;
			if (strncmp(script->path, "setup/", 6) != 0) continue;
			snprintf(path, sizeof(path), "%s", script->path);
			if ((dot = strchr(path, '.')) != NULL) *dot = 0;
			xsResult = xsAwaitImport(path, XS_IMPORT_DEFAULT);
			if (xsTest(xsResult) && xsIsInstanceOf(xsResult, xsFunctionPrototype)) {
				gSetupPending += 1;
				xsCallFunction1(xsResult, xsGlobal, xsVar(0));
			}
		}
	}
	xsEndHost(the);
	setupDone(the);
}

static gboolean start(gpointer unused)
{
	startSetup(gScreen.machine);
	return FALSE;
}

int main(int argc, char **argv)
{
	if (argc != 2 && argc != 3) {
		fprintf(stderr, "usage: host BLOCK_BYTES [STACK_SLOTS]\n");
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	/* The SDK's sockets would end the process when the peer closes first. */
	signal(SIGPIPE, SIG_IGN);
	long bytes = atol(argv[1]) / BLOCK_ALIGNMENT * BLOCK_ALIGNMENT;
	gBlock = gChunksEnd = aligned_alloc(BLOCK_ALIGNMENT, bytes);
	gBlockEnd = gSlotsStart = gBlock + bytes;
	gPreparation = xsPreparationAndCreation(NULL);
	gScreen.abort = onAbort;
	txCreation creation = gPreparation->creation;
	if (argc == 3) creation.stackCount = atol(argv[2]);
	gScreen.machine = fxPrepareMachine(&creation, gPreparation, "host", &gScreen, NULL);
	if (gScreen.machine == NULL) {
		fprintf(stderr, "host: the machine could not be made\n");
		return 2;
	}
	((txMachine *)gScreen.machine)->host = &gScreen;
	gLoop = g_main_loop_new(NULL, FALSE);
	GIOChannel *input = g_io_channel_unix_new(0);
	g_io_add_watch(input, G_IO_IN | G_IO_HUP, onCommand, NULL);
	g_idle_add(start, NULL);
	paintCStack();
	g_main_loop_run(gLoop);
	return 0;
}
