#include "PowerCut.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECTOR 512
#define MOST_FILES 8

/// A write, or a truncation (`bytes` NULL, `offset` the new length), that no sync has followed yet.
struct change {
    struct change *next;
    sqlite3_int64 offset;
    int length;
    unsigned char *bytes;
};

/// One file as the disk has it, and what it has been sent since.
struct image {
    char *path;
    unsigned char *bytes;
    sqlite3_int64 length;
    struct change *first, **last;
};

/// An open file of SQLite's: the real one follows in the same memory.
struct shim_file {
    sqlite3_file base;
    struct image *image;
    sqlite3_file *real;
};

static struct {
    pthread_mutex_t lock;
    char folder[512];
    uint64_t random;
    long operations;
    long syncs;
    int survival;
    int is_cut;
    struct image images[MOST_FILES];
    int count;
} disk = {.lock = PTHREAD_MUTEX_INITIALIZER};

static sqlite3_vfs *real_vfs;
static sqlite3_vfs shim_vfs;
static sqlite3_io_methods shim_methods;

/* The disk. Everything here is called with its lock held. */

static uint64_t next_random(void) {
    uint64_t mixed = disk.random += 0x9e3779b97f4a7c15ull;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9ull;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebull;
    return mixed ^ (mixed >> 31);
}

static void set_length(struct image *image, sqlite3_int64 length) {
    if (length > image->length) {
        image->bytes = realloc(image->bytes, (size_t)length);
        memset(image->bytes + image->length, 0, (size_t)(length - image->length));
    }
    image->length = length;
}

static void put(struct image *image, sqlite3_int64 offset, const unsigned char *bytes, int length) {
    if (offset + length > image->length) set_length(image, offset + length);
    memcpy(image->bytes + offset, bytes, (size_t)length);
}

/// Brings every change to the image; at the cut only those sectors that survive.
static void settle(struct image *image, int survival) {
    struct change *change = image->first;
    while (change) {
        struct change *next = change->next;
        if (!change->bytes) {
            if ((int)(next_random() % 100) < survival) set_length(image, change->offset);
        } else {
            for (int done = 0; done < change->length;) {
                int piece = SECTOR - (int)((change->offset + done) % SECTOR);
                if (piece > change->length - done) piece = change->length - done;
                if ((int)(next_random() % 100) < survival) put(image, change->offset + done, change->bytes + done, piece);
                done += piece;
            }
        }
        free(change->bytes);
        free(change);
        change = next;
    }
    image->first = NULL;
    image->last = &image->first;
}

static void cut(void) {
    if (disk.is_cut) return;
    disk.is_cut = 1;
    for (int i = 0; i < disk.count; i++) settle(&disk.images[i], disk.survival);
}

static void remember(struct image *image, sqlite3_int64 offset, const void *bytes, int length) {
    struct change *change = calloc(1, sizeof *change);
    change->offset = offset;
    change->length = length;
    if (bytes) {
        change->bytes = malloc((size_t)length);
        memcpy(change->bytes, bytes, (size_t)length);
    }
    *image->last = change;
    image->last = &change->next;
}

/// Counts an operation; 0 when the power is gone, with this one at the latest.
static int has_power(void) {
    if (disk.is_cut) return 0;
    if (--disk.operations <= 0) cut();
    return !disk.is_cut;
}

static struct image *image_of(const char *path) {
    for (int i = 0; i < disk.count; i++)
        if (disk.images[i].path && strcmp(disk.images[i].path, path) == 0) return &disk.images[i];
    if (disk.count == MOST_FILES) return NULL;
    struct image *image = &disk.images[disk.count++];
    memset(image, 0, sizeof *image);
    image->path = strdup(path);
    image->last = &image->first;
    return image;
}

/* Files: everything goes to the real one, and changes to the image as well. */

static sqlite3_file *real(sqlite3_file *file) { return ((struct shim_file *)file)->real; }
static struct image *image(sqlite3_file *file) { return ((struct shim_file *)file)->image; }

static int shim_close(sqlite3_file *f) { return real(f)->pMethods->xClose(real(f)); }
static int shim_read(sqlite3_file *f, void *b, int n, sqlite3_int64 o) { return real(f)->pMethods->xRead(real(f), b, n, o); }
static int shim_size(sqlite3_file *f, sqlite3_int64 *n) { return real(f)->pMethods->xFileSize(real(f), n); }
static int shim_lock(sqlite3_file *f, int l) { return real(f)->pMethods->xLock(real(f), l); }
static int shim_unlock(sqlite3_file *f, int l) { return real(f)->pMethods->xUnlock(real(f), l); }
static int shim_reserved(sqlite3_file *f, int *r) { return real(f)->pMethods->xCheckReservedLock(real(f), r); }
static int shim_control(sqlite3_file *f, int op, void *p) {
    /* A hint to make the file longer would go past the image. */
    if (op == SQLITE_FCNTL_SIZE_HINT) return SQLITE_OK;
    return real(f)->pMethods->xFileControl(real(f), op, p);
}
static int shim_sector(sqlite3_file *f) { return real(f)->pMethods->xSectorSize(real(f)); }
static int shim_device(sqlite3_file *f) { return real(f)->pMethods->xDeviceCharacteristics(real(f)); }
static int shim_shm_map(sqlite3_file *f, int i, int n, int x, void volatile **p) {
    return real(f)->pMethods->xShmMap(real(f), i, n, x, p);
}
static int shim_shm_lock(sqlite3_file *f, int o, int n, int x) { return real(f)->pMethods->xShmLock(real(f), o, n, x); }
static void shim_shm_barrier(sqlite3_file *f) { real(f)->pMethods->xShmBarrier(real(f)); }
static int shim_shm_unmap(sqlite3_file *f, int d) { return real(f)->pMethods->xShmUnmap(real(f), d); }

static int shim_write(sqlite3_file *f, const void *bytes, int length, sqlite3_int64 offset) {
    pthread_mutex_lock(&disk.lock);
    if (!disk.is_cut) remember(image(f), offset, bytes, length);
    int on = has_power();
    pthread_mutex_unlock(&disk.lock);
    return on ? real(f)->pMethods->xWrite(real(f), bytes, length, offset) : SQLITE_IOERR_WRITE;
}

static int shim_truncate(sqlite3_file *f, sqlite3_int64 length) {
    pthread_mutex_lock(&disk.lock);
    if (!disk.is_cut) remember(image(f), length, NULL, 0);
    int on = has_power();
    pthread_mutex_unlock(&disk.lock);
    return on ? real(f)->pMethods->xTruncate(real(f), length) : SQLITE_IOERR_TRUNCATE;
}

/// The real file needs no sync: the image is the disk.
static int shim_sync(sqlite3_file *f, int flags) {
    (void)flags;
    pthread_mutex_lock(&disk.lock);
    int on = has_power();
    if (on) {
        settle(image(f), 100);
        disk.syncs++;
    }
    pthread_mutex_unlock(&disk.lock);
    return on ? SQLITE_OK : SQLITE_IOERR_FSYNC;
}

/* The file system: files elsewhere are opened as if there were no shim. */

static int shim_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out) {
    (void)vfs;
    pthread_mutex_lock(&disk.lock);
    struct image *image = NULL;
    if (name && disk.folder[0] && strncmp(name, disk.folder, strlen(disk.folder)) == 0) image = image_of(name);
    pthread_mutex_unlock(&disk.lock);
    if (!image) return real_vfs->xOpen(real_vfs, name, file, flags, out);
    struct shim_file *shim = (struct shim_file *)file;
    shim->image = image;
    shim->real = (sqlite3_file *)(shim + 1);
    shim->base.pMethods = NULL;
    int code = real_vfs->xOpen(real_vfs, name, shim->real, flags, out);
    if (code == SQLITE_OK) shim->base.pMethods = &shim_methods;
    return code;
}

static int shim_delete(sqlite3_vfs *vfs, const char *name, int sync) {
    (void)vfs;
    pthread_mutex_lock(&disk.lock);
    int on = 1;
    for (int i = 0; i < disk.count; i++) {
        struct image *image = &disk.images[i];
        if (!image->path || strcmp(image->path, name) != 0) continue;
        on = has_power();
        if (on) {
            settle(image, 0);
            set_length(image, 0);
        }
    }
    pthread_mutex_unlock(&disk.lock);
    return on ? real_vfs->xDelete(real_vfs, name, sync) : SQLITE_IOERR_DELETE;
}

static void install(void) {
    real_vfs = sqlite3_vfs_find(NULL);
    shim_methods = (sqlite3_io_methods){
        .iVersion = 2, .xClose = shim_close, .xRead = shim_read, .xWrite = shim_write, .xTruncate = shim_truncate,
        .xSync = shim_sync, .xFileSize = shim_size, .xLock = shim_lock, .xUnlock = shim_unlock,
        .xCheckReservedLock = shim_reserved, .xFileControl = shim_control, .xSectorSize = shim_sector,
        .xDeviceCharacteristics = shim_device, .xShmMap = shim_shm_map, .xShmLock = shim_shm_lock,
        .xShmBarrier = shim_shm_barrier, .xShmUnmap = shim_shm_unmap,
    };
    shim_vfs = *real_vfs;
    shim_vfs.zName = "power-cut";
    shim_vfs.pNext = NULL;
    shim_vfs.szOsFile = (int)sizeof(struct shim_file) + real_vfs->szOsFile;
    shim_vfs.xOpen = shim_open;
    shim_vfs.xDelete = shim_delete;
    /* As the default, because GRDB names no file system. It stays for the life of the process. */
    sqlite3_vfs_register(&shim_vfs, 1);
}

void power_cut_begin(const char *folder, uint64_t seed, long operations, int survival) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, install);
    pthread_mutex_lock(&disk.lock);
    snprintf(disk.folder, sizeof disk.folder, "%s/", folder);
    disk.random = seed;
    disk.operations = operations;
    disk.survival = survival;
    disk.syncs = 0;
    disk.is_cut = 0;
    pthread_mutex_unlock(&disk.lock);
}

void power_cut_now(void) {
    pthread_mutex_lock(&disk.lock);
    cut();
    pthread_mutex_unlock(&disk.lock);
}

int power_cut_has_happened(void) {
    pthread_mutex_lock(&disk.lock);
    int result = disk.is_cut;
    pthread_mutex_unlock(&disk.lock);
    return result;
}

long power_cut_syncs(void) {
    pthread_mutex_lock(&disk.lock);
    long result = disk.syncs;
    pthread_mutex_unlock(&disk.lock);
    return result;
}

int power_cut_end(const char *target) {
    int failures = 0;
    pthread_mutex_lock(&disk.lock);
    cut();
    for (int i = 0; i < disk.count; i++) {
        struct image *image = &disk.images[i];
        char path[1024];
        snprintf(path, sizeof path, "%s%s", target, strrchr(image->path, '/'));
        FILE *file = fopen(path, "wb");
        if (!file || fwrite(image->bytes, 1, (size_t)image->length, file) != (size_t)image->length) failures++;
        if (file) fclose(file);
        free(image->path);
        free(image->bytes);
    }
    disk.count = 0;
    disk.folder[0] = 0;
    pthread_mutex_unlock(&disk.lock);
    return failures;
}
