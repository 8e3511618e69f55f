// What the headers of libstdc++ declare and its library defines: the nodes of map, set and list, the sizes of hash
// tables, std::string. With these an application needs the headers only.
#include <list>
#include <map>
#include <memory>
#include <new>
#include <string>
#include <unordered_map>

namespace std {

const nothrow_t nothrow{};

template class basic_string<char>;

size_t _Hash_bytes(const void* data, size_t size, size_t seed) {
  const auto* byte = static_cast<const unsigned char*>(data);
  size_t hash = 0x811C9DC5 ^ seed;
  for (; size != 0; --size) hash = (hash ^ *byte++) * 0x01000193;
  return hash;
}

bool _Sp_make_shared_tag::_S_eq(const type_info&) noexcept { return false; }

namespace {

typedef _Rb_tree_node_base Node;

Node*& child(Node* of, bool left) { return left ? of->_M_left : of->_M_right; }

bool is_red(const Node* node) { return node && node->_M_color == _S_red; }

// The next node in the order, or the one before; the header is next to both ends.
Node* step(Node* from, bool back) {
  if (back && from->_M_color == _S_red && from->_M_parent && from->_M_parent->_M_parent == from) return from->_M_right;
  if (Node* below = child(from, back)) {
    while (Node* further = child(below, !back)) below = further;
    return below;
  }
  Node* above = from->_M_parent;
  while (from == child(above, back)) {
    from = above;
    above = above->_M_parent;
  }
  // From the largest node of a tree whose root it is, the climb ends one too far, at the root.
  return !back && from->_M_right == above ? from : above;
}

void put_in_place_of(Node* old, Node* other, Node*& root) {
  if (old == root)
    root = other;
  else
    child(old->_M_parent, old == old->_M_parent->_M_left) = other;
}

// The child of `top` on the side that is not `left` takes its place, and `top` goes down to the `left`.
void rotate(Node* top, bool left, Node*& root) {
  Node* up = child(top, !left);
  child(top, !left) = child(up, left);
  if (child(up, left)) child(up, left)->_M_parent = top;
  up->_M_parent = top->_M_parent;
  put_in_place_of(top, up, root);
  child(up, left) = top;
  top->_M_parent = up;
}

// Under `parent` on the `short_left` side one black node is missing.
void mend_black(Node* node, Node* parent, bool short_left, Node*& root) {
  while (node != root && !is_red(node)) {
    Node* sibling = child(parent, !short_left);
    if (is_red(sibling)) {
      sibling->_M_color = _S_black;
      parent->_M_color = _S_red;
      rotate(parent, short_left, root);
      sibling = child(parent, !short_left);
    }
    if (is_red(sibling->_M_left) || is_red(sibling->_M_right)) {
      if (!is_red(child(sibling, !short_left))) {
        child(sibling, short_left)->_M_color = _S_black;
        sibling->_M_color = _S_red;
        rotate(sibling, !short_left, root);
        sibling = child(parent, !short_left);
      }
      sibling->_M_color = parent->_M_color;
      parent->_M_color = _S_black;
      child(sibling, !short_left)->_M_color = _S_black;
      rotate(parent, short_left, root);
      return;
    }
    sibling->_M_color = _S_red;
    node = parent;
    parent = node->_M_parent;
    short_left = node == parent->_M_left;
  }
  if (node) node->_M_color = _S_black;
}

}  // namespace

Node* _Rb_tree_increment(Node* from) throw() { return step(from, false); }
const Node* _Rb_tree_increment(const Node* from) throw() { return step(const_cast<Node*>(from), false); }
Node* _Rb_tree_decrement(Node* from) throw() { return step(from, true); }
const Node* _Rb_tree_decrement(const Node* from) throw() { return step(const_cast<Node*>(from), true); }

void _Rb_tree_insert_and_rebalance(const bool left, Node* node, Node* parent, Node& header) throw() {
  Node*& root = header._M_parent;
  node->_M_parent = parent;
  node->_M_left = node->_M_right = nullptr;
  node->_M_color = _S_red;
  if (parent == &header) {
    root = header._M_left = header._M_right = node;
  } else {
    child(parent, left) = node;
    if (parent == child(&header, left)) child(&header, left) = node;
  }
  while (node != root && is_red(node->_M_parent)) {
    parent = node->_M_parent;
    Node* grandparent = parent->_M_parent;
    const bool under_left = parent == grandparent->_M_left;
    Node* uncle = child(grandparent, !under_left);
    if (is_red(uncle)) {
      parent->_M_color = uncle->_M_color = _S_black;
      grandparent->_M_color = _S_red;
      node = grandparent;
      continue;
    }
    if (node == child(parent, !under_left)) {
      rotate(parent, under_left, root);
      swap(node, parent);
    }
    parent->_M_color = _S_black;
    grandparent->_M_color = _S_red;
    rotate(grandparent, !under_left, root);
  }
  root->_M_color = _S_black;
}

// The node that was taken out: the caller deletes it.
Node* _Rb_tree_rebalance_for_erase(Node* const node, Node& header) throw() {
  Node*& root = header._M_parent;
  // The ends first, while the neighbours can still be found.
  for (bool left : {true, false})
    if (child(&header, left) == node) child(&header, left) = step(node, !left);
  Node *below, *parent;
  bool short_left;
  _Rb_tree_color removed = node->_M_color;
  if (node->_M_left && node->_M_right) {
    Node* next = Node::_S_minimum(node->_M_right);
    removed = next->_M_color;
    below = next->_M_right;
    short_left = next != node->_M_right;
    parent = short_left ? next->_M_parent : next;
    if (short_left) {
      parent->_M_left = below;
      if (below) below->_M_parent = parent;
      next->_M_right = node->_M_right;
      next->_M_right->_M_parent = next;
    }
    next->_M_left = node->_M_left;
    next->_M_left->_M_parent = next;
    put_in_place_of(node, next, root);
    next->_M_parent = node->_M_parent;
    next->_M_color = node->_M_color;
  } else {
    below = node->_M_left ? node->_M_left : node->_M_right;
    parent = node->_M_parent;
    short_left = node == parent->_M_left;
    put_in_place_of(node, below, root);
    if (below) below->_M_parent = parent;
  }
  if (removed == _S_black) mend_black(below, parent, short_left, root);
  return node;
}

namespace __detail {

void _List_node_base::_M_hook(_List_node_base* const before) noexcept {
  _M_next = before;
  _M_prev = before->_M_prev;
  _M_prev->_M_next = before->_M_prev = this;
}

void _List_node_base::_M_unhook() noexcept {
  _M_prev->_M_next = _M_next;
  _M_next->_M_prev = _M_prev;
}

// Moves the nodes from `first` up to, not with, `last` to before this one.
void _List_node_base::_M_transfer(_List_node_base* const first, _List_node_base* const last) noexcept {
  if (this == last || first == last) return;
  _List_node_base* final = last->_M_prev;
  first->_M_prev->_M_next = last;
  last->_M_prev = first->_M_prev;
  first->_M_prev = _M_prev;
  _M_prev->_M_next = first;
  final->_M_next = this;
  _M_prev = final;
}

void _List_node_base::_M_reverse() noexcept {
  _List_node_base* node = this;
  do {
    std::swap(node->_M_next, node->_M_prev);
    node = node->_M_prev;
  } while (node != this);
}

void _List_node_base::swap(_List_node_base& one, _List_node_base& other) noexcept {
  _List_node_base between;
  between._M_next = between._M_prev = &between;
  between._M_transfer(one._M_next, &one);
  one._M_transfer(other._M_next, &other);
  other._M_transfer(between._M_next, &between);
}

// The least prime that is no less than `wanted`.
size_t _Prime_rehash_policy::_M_next_bkt(size_t wanted) const {
  size_t prime = wanted < 3 ? 2 : wanted | 1;
  for (size_t divisor = 3; divisor * divisor <= prime;) {
    if (prime % divisor == 0) {
      prime += 2;
      divisor = 3;
    } else {
      divisor += 2;
    }
  }
  _M_next_resize = static_cast<size_t>(static_cast<float>(prime) * _M_max_load_factor);
  return prime;
}

pair<bool, size_t> _Prime_rehash_policy::_M_need_rehash(size_t buckets, size_t elements, size_t more) const {
  constexpr size_t kFirst = 11;
  if (elements + more <= _M_next_resize) return {false, 0};
  size_t least = _M_next_resize == 0 ? max(elements + more, kFirst) : elements + more;
  least = static_cast<size_t>(static_cast<float>(least) / _M_max_load_factor) + 1;
  if (least > buckets) return {true, _M_next_bkt(max(least, buckets * 2))};
  _M_next_resize = static_cast<size_t>(static_cast<float>(buckets) * _M_max_load_factor);
  return {false, 0};
}

}  // namespace __detail
}  // namespace std
