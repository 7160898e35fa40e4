#include "CCompression.h"

#include <errno.h>
#include <isa-l/crc.h>
#include <isa-l/igzip_lib.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

struct cz_deflater {
    int level;
    struct isal_zstream fast;
    uint8_t *fast_buffer;
    z_stream zlib;
};

struct cz_deflater *cz_deflater_new(int level) {
    struct cz_deflater *d = calloc(1, sizeof *d);
    if (!d) return NULL;
    d->level = level;
    if (level == 1) {
        d->fast_buffer = malloc(ISAL_DEF_LVL2_DEFAULT);
        if (!d->fast_buffer) {
            free(d);
            return NULL;
        }
        isal_deflate_init(&d->fast);
    } else if (deflateInit2(&d->zlib, level, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
        free(d);
        return NULL;
    }
    return d;
}

void cz_deflater_free(struct cz_deflater *d) {
    if (!d) return;
    if (d->level != 1) deflateEnd(&d->zlib);
    free(d->fast_buffer);
    free(d);
}

size_t cz_deflate_bound(size_t count) {
    // Stored blocks of 16 KiB at worst, and the empty block of a flush.
    return count + (count >> 10) + 1024;
}

int64_t cz_deflate(struct cz_deflater *d, const void *in, size_t count, int last, void *out, size_t room) {
    if (count > UINT32_MAX || room > UINT32_MAX) return -EIO;
    if (d->level == 1) {
        isal_deflate_reset(&d->fast);
        // ISA-L's second level: its output is the same on every x86-64 with SSE 4.2; the third depends on AVX.
        d->fast.level = 2;
        d->fast.level_buf = d->fast_buffer;
        d->fast.level_buf_size = ISAL_DEF_LVL2_DEFAULT;
        d->fast.gzip_flag = IGZIP_DEFLATE;
        d->fast.flush = last ? NO_FLUSH : FULL_FLUSH;
        d->fast.end_of_stream = last ? 1 : 0;
        d->fast.next_in = (uint8_t *)in;
        d->fast.avail_in = (uint32_t)count;
        d->fast.next_out = out;
        d->fast.avail_out = (uint32_t)room;
        if (isal_deflate(&d->fast) != COMP_OK || d->fast.avail_in != 0 || d->fast.avail_out == 0) return -EIO;
        return (int64_t)(room - d->fast.avail_out);
    }
    if (deflateReset(&d->zlib) != Z_OK) return -EIO;
    d->zlib.next_in = (Bytef *)in;
    d->zlib.avail_in = (uInt)count;
    d->zlib.next_out = out;
    d->zlib.avail_out = (uInt)room;
    int result = deflate(&d->zlib, last ? Z_FINISH : Z_FULL_FLUSH);
    if (result != (last ? Z_STREAM_END : Z_OK) || d->zlib.avail_in != 0 || d->zlib.avail_out == 0) return -EIO;
    return (int64_t)(room - d->zlib.avail_out);
}

uint32_t cz_crc32(uint32_t crc, const void *bytes, size_t count) { return crc32_gzip_refl(crc, bytes, count); }

uint32_t cz_crc32_join(uint32_t first, uint32_t second, uint64_t second_count) {
    return (uint32_t)crc32_combine(first, second, (z_off_t)second_count);
}

struct cz_zstd_encoder {
    ZSTD_CCtx *context;
};

struct cz_zstd_encoder *cz_zstd_encoder_new(int level, int workers, int job) {
    struct cz_zstd_encoder *e = calloc(1, sizeof *e);
    if (!e) return NULL;
    e->context = ZSTD_createCCtx();
    if (!e->context || ZSTD_isError(ZSTD_CCtx_setParameter(e->context, ZSTD_c_compressionLevel, level)) ||
        ZSTD_isError(ZSTD_CCtx_setParameter(e->context, ZSTD_c_checksumFlag, 1)) ||
        ZSTD_isError(ZSTD_CCtx_setParameter(e->context, ZSTD_c_nbWorkers, workers)) ||
        ZSTD_isError(ZSTD_CCtx_setParameter(e->context, ZSTD_c_jobSize, job))) {
        cz_zstd_encoder_free(e);
        return NULL;
    }
    return e;
}

void cz_zstd_encoder_free(struct cz_zstd_encoder *e) {
    if (!e) return;
    ZSTD_freeCCtx(e->context);
    free(e);
}

int cz_zstd_encode(struct cz_zstd_encoder *e, const void *in, size_t count, size_t *taken, void *out, size_t room,
                   size_t *written, int last) {
    ZSTD_inBuffer input = {in, count, 0};
    ZSTD_outBuffer output = {out, room, 0};
    size_t rest = ZSTD_compressStream2(e->context, &output, &input, last ? ZSTD_e_end : ZSTD_e_continue);
    *taken = input.pos;
    *written = output.pos;
    if (ZSTD_isError(rest)) return -EIO;
    return last && rest == 0;
}

struct cz_decoder {
    int format;
    // Nothing was begun since the last member or frame ended.
    int at_end;
    struct inflate_state gzip;
    ZSTD_DCtx *zstd;
};

static void begin_member(struct cz_decoder *d) {
    isal_inflate_reset(&d->gzip);
    d->gzip.crc_flag = ISAL_GZIP;
}

struct cz_decoder *cz_decoder_new(int format) {
    struct cz_decoder *d = calloc(1, sizeof *d);
    if (!d) return NULL;
    d->format = format;
    if (format == CZ_GZIP) {
        isal_inflate_init(&d->gzip);
        begin_member(d);
        return d;
    }
    d->zstd = ZSTD_createDCtx();
    if (!d->zstd) {
        free(d);
        return NULL;
    }
    return d;
}

void cz_decoder_free(struct cz_decoder *d) {
    if (!d) return;
    ZSTD_freeDCtx(d->zstd);
    free(d);
}

static int decode_gzip(struct cz_decoder *d, const void *in, size_t count, size_t *taken, void *out, size_t room,
                       size_t *written) {
    d->gzip.next_in = (uint8_t *)in;
    d->gzip.avail_in = (uint32_t)count;
    d->gzip.next_out = out;
    d->gzip.avail_out = (uint32_t)room;
    int result = ISAL_DECOMP_OK;
    if (d->at_end && count > 0) {
        begin_member(d);
        d->at_end = 0;
    }
    if (!d->at_end) result = isal_inflate(&d->gzip);
    *taken = count - d->gzip.avail_in;
    *written = room - d->gzip.avail_out;
    if (result < 0) return -EBADMSG;
    if (d->gzip.block_state == ISAL_BLOCK_FINISH) d->at_end = 1;
    return 0;
}

int cz_decode(struct cz_decoder *d, const void *in, size_t count, size_t *taken, void *out, size_t room,
              size_t *written) {
    *taken = *written = 0;
    if (count > UINT32_MAX || room > UINT32_MAX) return -EBADMSG;
    if (d->format == CZ_GZIP) return decode_gzip(d, in, count, taken, out, room, written);
    ZSTD_inBuffer input = {in, count, 0};
    ZSTD_outBuffer output = {out, room, 0};
    size_t rest = ZSTD_decompressStream(d->zstd, &output, &input);
    *taken = input.pos;
    *written = output.pos;
    if (ZSTD_isError(rest)) return -EBADMSG;
    if (input.pos > 0 || output.pos > 0) d->at_end = rest == 0;
    return 0;
}

int cz_decoder_at_end(const struct cz_decoder *d) { return d->at_end; }

int64_t cz_inflate_zlib(const void *in, size_t count, void *out, size_t room) {
    uLongf written = room;
    int result = uncompress(out, &written, in, count);
    if (result == Z_OK) return (int64_t)written;
    return result == Z_BUF_ERROR && written == room ? -EMSGSIZE : -EBADMSG;
}
