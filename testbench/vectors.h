// The vector file: images and the scores expected for them. Written by `slimgate sim`, read here and by tb.sv.
//
// Little endian: "SGV1", then four u32 (images, pixels an image, channels, classes), then every image's pixels in
// raster order, one byte a channel, channel 0 first, then every image's expected scores, one i32 a class.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

class Vectors {
public:
    // Reads `count` images from image `first` on (0: all that follow).
    Vectors(const std::string& path, uint32_t first_image, uint32_t count) : first(first_image) {
        std::FILE* file = std::fopen(path.c_str(), "rb");
        if (!file) throw std::runtime_error(path + ": cannot be opened");
        char magic[4];
        uint32_t header[4];
        const bool head_ok = std::fread(magic, 1, 4, file) == 4 && std::fread(header, 4, 4, file) == 4
                             && std::memcmp(magic, "SGV1", 4) == 0;
        bool body_ok = false;
        if (head_ok && header[0] > first) {
            const uint32_t all = header[0];
            images = count ? std::min(count, all - first) : all - first;
            pixels = header[1], channels = header[2], classes = header[3];
            m_pixels.resize(size_t{images} * pixels * channels);
            m_scores.resize(size_t{images} * classes);
            const size_t image_bytes = size_t{pixels} * channels, score_bytes = size_t{classes} * 4;
            body_ok = image_bytes && score_bytes
                      && read_at(file, HEADER + first * image_bytes, m_pixels.data(), m_pixels.size())
                      && read_at(file, HEADER + all * image_bytes + first * score_bytes, m_scores.data(), m_scores.size() * 4);
        }
        std::fclose(file);
        if (!body_ok) throw std::runtime_error(path + ": is no complete SGV1 vector file, or has no image " + std::to_string(first));
        for (uint32_t i = 0; i < images; ++i) m_arg_max.push_back(first_maximum(&m_scores[size_t{i} * classes]));
    }

    // The bytes of one pixel, channel 0 first.
    const uint8_t* pixel(uint32_t image, uint32_t index) const {
        return &m_pixels[(size_t{image} * pixels + index) * channels];
    }
    int32_t score(uint32_t image, uint32_t cls) const { return m_scores[size_t{image} * classes + cls]; }
    // Class with the largest score; the lowest index wins a tie.
    uint32_t arg_max(uint32_t image) const { return m_arg_max[image]; }

    uint32_t first;  // number in the file of image 0 here
    uint32_t images = 0, pixels = 0, channels = 0, classes = 0;

private:
    static constexpr size_t HEADER = 20;

    static bool read_at(std::FILE* file, size_t offset, void* into, size_t bytes) {
        return std::fseek(file, static_cast<long>(offset), SEEK_SET) == 0 && std::fread(into, 1, bytes, file) == bytes;
    }
    uint32_t first_maximum(const int32_t* scores) const {
        uint32_t best = 0;
        for (uint32_t c = 1; c < classes; ++c)
            if (scores[c] > scores[best]) best = c;
        return best;
    }

    std::vector<uint8_t> m_pixels;
    std::vector<int32_t> m_scores;
    std::vector<uint32_t> m_arg_max;
};
