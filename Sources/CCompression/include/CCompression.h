// The codecs of layers behind one shape. C, because ISA-L's and zlib's states hold arrays that Swift does not import and
// their setup is made of macros. No decisions here: what a level means and how a stream is cut into blocks is Swift's.
#ifndef CCOMPRESSION_H
#define CCOMPRESSION_H

#include <stddef.h>
#include <stdint.h>

// Deflate, block by block: each block is compressed without regard to others and ends on a byte, so that blocks
// compressed apart and joined in order are one stream (RFC 1951).
struct cz_deflater;
// level 1: ISA-L; 2 to 9: zlib. NULL without memory.
struct cz_deflater *cz_deflater_new(int level);
void cz_deflater_free(struct cz_deflater *deflater);
// The most that a block of `count` bytes can become.
size_t cz_deflate_bound(size_t count);
// Returns the bytes written, or -EIO when the codec fails, which it does only for too little room.
int64_t cz_deflate(struct cz_deflater *deflater, const void *in, size_t count, int last, void *out, size_t room);

// CRC-32 of RFC 1952, and of two pieces joined.
uint32_t cz_crc32(uint32_t crc, const void *bytes, size_t count);
uint32_t cz_crc32_join(uint32_t first, uint32_t second, uint64_t second_count);

// Zstandard (RFC 8878), compressed by `workers` threads in jobs of `job` bytes: the result does not depend on the workers.
struct cz_zstd_encoder;
struct cz_zstd_encoder *cz_zstd_encoder_new(int level, int workers, int job);
void cz_zstd_encoder_free(struct cz_zstd_encoder *encoder);
// Takes from `in` and writes to `out`; with `last`, returns 1 when all is written and 0 when more room is wanted; -EIO.
int cz_zstd_encode(struct cz_zstd_encoder *encoder, const void *in, size_t count, size_t *taken, void *out, size_t room,
                   size_t *written, int last);

enum { CZ_GZIP = 1, CZ_ZSTD = 2 };

// Either format read: members or frames one after the other.
struct cz_decoder;
struct cz_decoder *cz_decoder_new(int format);
void cz_decoder_free(struct cz_decoder *decoder);
// Takes from `in` and writes to `out`. 0, or -EBADMSG for what is not the format or fails its checksum.
int cz_decode(struct cz_decoder *decoder, const void *in, size_t count, size_t *taken, void *out, size_t room,
              size_t *written);
// 1 when everything that was begun has ended.
int cz_decoder_at_end(const struct cz_decoder *decoder);

// A whole zlib stream (RFC 1950). Returns the bytes written, -EMSGSIZE for more than `room`, -EBADMSG for what is none.
int64_t cz_inflate_zlib(const void *in, size_t count, void *out, size_t room);

#endif
