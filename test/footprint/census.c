/*
 * What holds the slots of a machine: instances by the class of their prototype, with the bytes of
 * their chunks, then single slots by kind. One line each, beginning with `@census`.
 */

#include "xsAll.h"

enum { NAME_BYTES = 64, ROWS = 256 };

static struct { char name[NAME_BYTES]; long instances, slots, bytes; } gRows[ROWS];

static void countIn(const char *name, long slots, long bytes)
{
	for (int i = 0; i < ROWS; i++) {
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
	static char text[NAME_BYTES];
	txSlot *first = instance->next;
	txSlot *prototype = instance->value.instance.prototype;
	int kind = first == NULL ? XS_UNDEFINED_KIND : first->kind;
	if (kind == XS_CODE_KIND || kind == XS_CODE_X_KIND || kind == XS_CALLBACK_KIND) {
		txString name = fxGetKeyName(the, first->ID);
		snprintf(text, sizeof(text), "function %s", name ? name : "");
		return text;
	}
	if (prototype == NULL) return kind == XS_MODULE_KIND ? "(module)" : "(scope or null prototype)";
	for (txSlot *at = prototype->next; at != NULL; at = at->next) {
		if (at->ID != mxID(_constructor) || at->kind != XS_REFERENCE_KIND) continue;
		txString name = fxGetKeyName(the, at->value.reference->next->ID);
		snprintf(text, sizeof(text), "%s", name ? name : "?");
		return text;
	}
	return "(no constructor)";
}

void printCensus(txMachine *the, uint8_t *start, uint8_t *end)
{
	memset(gRows, 0, sizeof(gRows));
	char *marks = calloc(1, (end - start) / sizeof(txSlot) + 1);
#define markOf(SLOT) marks[((uint8_t *)(SLOT) - start) / sizeof(txSlot)]
#define isHere(SLOT) ((uint8_t *)(SLOT) >= start && (uint8_t *)(SLOT) < end)
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
	for (int i = 0; i < ROWS && gRows[i].slots > 0; i++)
		printf("@census %6ld slots %6ld bytes %5ld x %s\n", gRows[i].slots, gRows[i].bytes,
			gRows[i].instances, gRows[i].name);
	free(marks);
}

