"""Containers and strings of the standard library, whose nodes and tables are ours, on a processor."""

from __future__ import annotations

import random

import pytest

from .conftest import Compile

pytest.importorskip("unicorn")

from .photon import Photon

# Reads nothing and knows nothing of trees: what it does is a list of numbers, what it prints each container's content.
SKETCH = """
#include <list>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

const int ops[] = {%(ops)s};

template <typename T>
void show(const char* name, const T& all) {
  String line(name);
  for (int each : all) line += String::format(" %%d", each);
  Serial.println(line);
}

// Nodes on the longest way down.
int height(const std::_Rb_tree_node_base* node) {
  return node ? 1 + max(height(node->_M_left), height(node->_M_right)) : 0;
}

void setup() {
  std::map<int, int> tree;
  std::unordered_map<int, int> table;
  std::list<int> list, taken;
  int tallest = 0;
  for (int op : ops) {
    if (op > 0) {
      tree[op] += 1;
      table[op] += 1;
      list.push_front(op);
    } else {
      tree.erase(-op);
      table.erase(-op);
      list.remove(-op);
    }
    if (!tree.empty()) tallest = max(tallest, height(tree.end()._M_node->_M_parent));
  }
  std::vector<int> forth, back, looked_up;
  for (const auto& each : tree) forth.push_back(each.first * 100 + each.second);
  for (auto each = tree.rbegin(); each != tree.rend(); ++each) back.push_back(each->first);
  for (int key = 0; key <= %(most)d; ++key) looked_up.push_back(table.count(key) ? table.find(key)->second : 0);
  show("forth", forth);
  show("back", back);
  show("table", looked_up);
  Serial.printlnf("size %%u %%u, load %%d", tree.size(), table.size(), table.load_factor() <= 1);
  show("list", list);
  list.sort();
  list.reverse();
  taken.splice(taken.begin(), list, list.begin(), std::next(list.begin(), list.size() / 2));
  show("rest", list);
  list.swap(taken);
  show("swapped", list);
  taken.clear();
  list.swap(taken);
  Serial.printlnf("%%u %%u, height %%d", list.size(), taken.size(), tallest);

  std::string text = "Particle";
  for (int i = 0; i < 3; ++i) text += " " + std::to_string(i);
  text.replace(text.find("1"), 1, "one").insert(0, 3, '>');
  std::set<std::string> words{"b", text.substr(3, 8), "a"};
  auto shared = std::make_shared<std::string>(*words.begin());
  std::unordered_map<std::string, int> by_name{{"one", 1}, {"two", 2}};
  Serial.printlnf("%%s %%s %%s %%ld %%d %%d", text.c_str(), shared->c_str(), words.begin()->c_str(), shared.use_count(),
                  std::stoi("42"), by_name["two"]);
}
void loop() {}
"""


@pytest.mark.parametrize("seed", [1, 2])
def test_containers_hold_what_was_put_into_them(sketch: Compile, seed: int) -> None:
    chance, most = random.Random(seed), 60
    keys = range(1, most + 1)
    # Both ends first, then whatever comes, then all but a few away.
    ops = [*keys[:20], *reversed(keys[40:]), *(chance.choice((1, 1, -1)) * chance.choice(keys) for _ in range(250))]
    ops += [-key for key in chance.sample(keys, most - 15)]
    held: dict[int, int] = {}
    row: list[int] = []
    largest = 0
    for op in ops:
        if op > 0:
            held[op] = held.get(op, 0) + 1
            row.insert(0, op)
        else:
            held.pop(-op, None)
            row = [each for each in row if each != -op]
        largest = max(largest, len(held))

    photon = Photon(sketch(SKETCH % {"ops": ", ".join(map(str, ops)), "most": most}).module.read_bytes())
    photon.start()
    errno = photon.allocate(4)
    photon.answers = {"__errno": lambda *_: errno}
    photon.setup()
    *lines, heights, text = photon.serial.decode().splitlines()

    down = sorted(row, reverse=True)
    half = len(down) // 2
    assert lines == [
        line("forth", *(key * 100 + held[key] for key in sorted(held))),
        line("back", *sorted(held, reverse=True)),
        line("table", *(held.get(key, 0) for key in range(most + 1))),
        f"size {len(held)} {len(held)}, load 1",
        line("list", *row),
        line("rest", *down[half:]),
        line("swapped", *down[:half]),
    ]
    # A red-black tree's way down is at most 2 log2(n + 1) nodes.
    told, _, tallest = heights.rpartition(" ")
    assert told == f"0 {half}, height"
    assert largest.bit_length() <= int(tallest) <= 2 * (largest + 1).bit_length()
    assert text == ">>>Particle 0 one 2 Particle Particle 1 42 2"


def line(name: str, *values: int) -> str:
    return " ".join([name, *map(str, values)])
