// Runs one fuzz target on kept inputs, where libFuzzer does not: any compiler will do. Arguments: files and folders.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "input.h"

namespace {

std::string running;

// Called by the sanitizers and by abort(): says which input it was.
void name_input() { fprintf(stderr, "input: %s\n", running.c_str()); }

void collect(const std::filesystem::path& path, std::vector<std::filesystem::path>& files) {
  if (!std::filesystem::is_directory(path)) return files.push_back(path);
  for (const auto& entry : std::filesystem::directory_iterator(path)) files.push_back(entry.path());
}

}  // namespace

extern "C" void __sanitizer_set_death_callback(void (*callback)()) __attribute__((weak));

int main(int argc, char** argv) {
  if (__sanitizer_set_death_callback) __sanitizer_set_death_callback(name_input);
  std::vector<std::filesystem::path> files;
  for (int i = 1; i < argc; ++i) collect(argv[i], files);
  std::sort(files.begin(), files.end());
  for (const auto& file : files) {
    running = file.string();
    std::ifstream stream(file, std::ios::binary);
    const std::string data{std::istreambuf_iterator<char>(stream), {}};
    if (!stream) {
      fprintf(stderr, "%s cannot be read\n", running.c_str());
      return 2;
    }
    LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(data.data()), data.size());
  }
  printf("%zu inputs\n", files.size());
  return files.empty() ? 2 : 0;
}
