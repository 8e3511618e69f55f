// Writes a line for each test case into the file PHOTONRIG_REACHED: its file, its name, and the numbers of the mutants
// it reached, with tabs between.
#include <doctest/doctest.h>

#include <cstdio>
#include <cstring>
#include <string>

int chosen_mutant = -1;
unsigned char reached_mutants[8192];

namespace {

struct Reached : doctest::IReporter {
  explicit Reached(const doctest::ContextOptions&) {}
  void test_case_start(const doctest::TestCaseData& started) override {
    name_ = std::string(started.m_file.c_str()) + '\t' + started.m_name + '\t';
  }
  void test_case_end(const doctest::CurrentTestCaseStats&) override {
    const char* path = getenv("PHOTONRIG_REACHED");
    FILE* out = path ? fopen(path, "a") : nullptr;
    if (!out) return;
    fputs(name_.c_str(), out);
    for (size_t i = 0; i < sizeof reached_mutants; ++i)
      if (reached_mutants[i]) fprintf(out, "%zu ", i);
    fputc('\n', out);
    fclose(out);
    memcpy(reached_mutants, before_, sizeof reached_mutants);
  }
  void report_query(const doctest::QueryData&) override {}
  // What is set before main() holds for every test.
  void test_run_start() override { memcpy(before_, reached_mutants, sizeof before_); }
  void test_run_end(const doctest::TestRunStats&) override {}
  void test_case_reenter(const doctest::TestCaseData&) override {}
  void test_case_exception(const doctest::TestCaseException&) override {}
  void subcase_start(const doctest::SubcaseSignature&) override {}
  void subcase_end() override {}
  void log_assert(const doctest::AssertData&) override {}
  void log_message(const doctest::MessageData&) override {}
  void test_case_skipped(const doctest::TestCaseData&) override {}

 private:
  std::string name_;
  unsigned char before_[sizeof reached_mutants] = {};
};

}  // namespace

REGISTER_LISTENER("reached", 1, Reached);
