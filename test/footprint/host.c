/*
 * Runs a Moddable application built for Linux (mc.so, which it is linked with) without a screen, in
 * one block of memory of a given size, and tells what its slots, chunks and stack have grown to.
 *
 *     host BLOCK_BYTES
 *
 * The block is used as a board with `static` uses it: chunks grow from the bottom, the stack and then
 * slots from the top; where they meet, memory is out and the machine aborts. The application is
 * started as on a board (setup/ modules, then main), without the screen object of the simulator.
 * Lines on stdin: `figures NAME` prints `@figures` and JSON; `collect NAME` collects garbage first;
 * `reset` lets the peaks start anew; the end of stdin ends the host. Exit code: 3 after an abort.
 */

#include "xsAll.h"
#include "xs.h"
#include "mc.xs.h"
#include "xsScript.h"
#include "screen.h"

#include <signal.h>

enum { BLOCK_ALIGNMENT = 16, PAINT = 0xA5, ABORTED = 3, LINE_BYTES = 128 };

static uint8_t *gBlock, *gBlockEnd;
/* Chunks are below gChunksEnd, stack and slots from gSlotsStart. */
static uint8_t *gChunksEnd, *gSlotsStart;
static GMainLoop *gLoop;
static txScreen gScreen;
static int gExitCode = 0;
static int gSetupPending = 1;
static txPreparation *gPreparation;

extern void *xsPreparationAndCreation(xsCreation **creation);

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
		"\"block\":%ld,\"keys\":%ld}\n",
		name, the->maximumHeapCount * slot, the->currentHeapCount * slot, the->peakHeapCount * slot,
		(long)the->maximumChunksSize, (long)the->currentChunksSize, (long)the->peakChunksSize,
		(long)(the->stackTop - the->stackBottom) * slot, (long)stackPeakBytes(the),
		(long)((gChunksEnd - gBlock) + (gBlockEnd - gSlotsStart)),
		(long)(the->keyIndex - gPreparation->keyCount));
	fflush(stdout);
}

/* What holds the slots: instances by the class of their prototype, then single slots by kind. */

enum { CENSUS_ROWS = 256 };
static struct { char name[64]; long instances, slots, bytes; } gRows[CENSUS_ROWS];

static void countIn(const char *name, long slots, long bytes)
{
	for (int i = 0; i < CENSUS_ROWS; i++) {
		if (gRows[i].slots == 0) snprintf(gRows[i].name, sizeof(gRows[i].name), "%s", name);
		else if (strcmp(gRows[i].name, name) != 0) continue;
		gRows[i].instances += 1;
		gRows[i].slots += slots;
		gRows[i].bytes += bytes;
		return;
	}
}

static long chunkBytes(txSlot *slot)
{
	void *data = NULL;
	switch (slot->kind & 0x7F) {
	case XS_STRING_KIND: data = slot->value.string; break;
	case XS_ARRAY_KIND: data = slot->value.array.address; break;
	case XS_ARRAY_BUFFER_KIND: data = slot->value.arrayBuffer.address; break;
	case XS_HOST_KIND: data = (slot->flag & XS_HOST_CHUNK_FLAG) ? slot->value.host.data : NULL; break;
	case XS_BIGINT_KIND: data = slot->value.bigint.data; break;
	default: break;
	}
	return data == NULL ? 0 : (long)((txChunk *)((txByte *)data - sizeof(txChunk)))->size;
}

static const char *nameOf(txMachine *the, txSlot *instance)
{
	static char text[64];
	txSlot *first = instance->next;
	txSlot *prototype = instance->value.instance.prototype;
	if (first != NULL && (first->kind == XS_CODE_KIND || first->kind == XS_CODE_X_KIND || first->kind == XS_CALLBACK_KIND)) {
		txString name = fxGetKeyName(the, first->ID);
		snprintf(text, sizeof(text), "function %s", name ? name : "");
		return text;
	}
	if (prototype == NULL) return first != NULL && first->kind == XS_MODULE_KIND ? "(module)" : "(scope or null prototype)";
	for (txSlot *at = prototype->next; at != NULL; at = at->next) {
		if (at->ID != mxID(_constructor) || at->kind != XS_REFERENCE_KIND) continue;
		txString name = fxGetKeyName(the, at->value.reference->next->ID);
		snprintf(text, sizeof(text), "%s", name ? name : "?");
		return text;
	}
	return "(no constructor)";
}

static void printCensus(txMachine *the)
{
	memset(gRows, 0, sizeof(gRows));
	char *marks = calloc(1, (gBlockEnd - gBlock) / sizeof(txSlot) + 1);
#define markOf(SLOT) marks[((uint8_t *)(SLOT) - gBlock) / sizeof(txSlot)]
#define isHere(SLOT) ((uint8_t *)(SLOT) >= gSlotsStart && (uint8_t *)(SLOT) < gBlockEnd)
	for (txSlot *at = the->freeHeap; at != NULL; at = at->next) markOf(at) = 1;
	for (txSlot *heap = the->firstHeap; heap != NULL; heap = heap->next) {
		for (txSlot *at = heap + 1; at < heap->value.reference; at++) {
			if (markOf(at) || at->kind != XS_INSTANCE_KIND) continue;
			long slots = 1, bytes = 0;
			markOf(at) = 1;
			for (txSlot *property = at->next; property != NULL; property = property->next) {
				if (isHere(property)) markOf(property) = 1;
				slots += 1;
				bytes += chunkBytes(property);
				if (property->kind == XS_ARRAY_KIND && property->value.array.address != NULL) {
					txSlot *items = property->value.array.address;
					for (long i = 0; i < chunkBytes(property) / (long)sizeof(txSlot); i++) bytes += 0 * items[i].kind;
				}
			}
			countIn(nameOf(the, at), slots, bytes);
		}
	}
	for (txSlot *heap = the->firstHeap; heap != NULL; heap = heap->next) {
		for (txSlot *at = heap + 1; at < heap->value.reference; at++) {
			char text[32];
			if (markOf(at)) continue;
			snprintf(text, sizeof(text), "(single, kind %d)", at->kind);
			countIn(text, 1, chunkBytes(at));
		}
	}
	for (int i = 0; i < CENSUS_ROWS && gRows[i].slots > 0; i++)
		printf("@census %6ld slots %6ld bytes %5ld x %s\n", gRows[i].slots, gRows[i].bytes, gRows[i].instances, gRows[i].name);
	free(marks);
}

static gboolean onCommand(GIOChannel *channel, GIOCondition condition, gpointer unused)
{
	txMachine *the = gScreen.machine;
	char *line = NULL, name[LINE_BYTES];
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
		printCensus(the);
	}
	else if (strncmp(line, "reset", 5) == 0) resetPeaks(the);
	else printf("host: unknown command: %s", line);
	g_free(line);
	return TRUE;
}

/* Start, as on a board. */

static void onAbort(txScreen *screen, int status)
{
	printf("@abort %d\n", status);
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
	if (argc != 2) {
		fprintf(stderr, "usage: host BLOCK_BYTES\n");
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
	gScreen.machine = fxPrepareMachine(NULL, gPreparation, "host", &gScreen, NULL);
	if (gScreen.machine == NULL) {
		fprintf(stderr, "host: the machine could not be made\n");
		return 2;
	}
	((txMachine *)gScreen.machine)->host = &gScreen;
	gLoop = g_main_loop_new(NULL, FALSE);
	GIOChannel *input = g_io_channel_unix_new(0);
	g_io_add_watch(input, G_IO_IN | G_IO_HUP, onCommand, NULL);
	g_idle_add(start, NULL);
	g_main_loop_run(gLoop);
	return gExitCode;
}
