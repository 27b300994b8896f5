/**
 * One column of a board as a window: of all cards that were loaded only those near what is seen stand in the document, the
 * others are text and a number of pixels. Ten thousand cards cost as little as fifty.
 */
const OVER = 1200; // pixels kept above and below what is seen
const NEAR = 500; // load more, and draw more, when less than this is left
const GUESS = 96;

export class Lane {
  /** @param {HTMLElement} section @param {(lane: Lane) => Promise<{html: string, next: string}>} load */
  constructor(section, load) {
    this.section = section;
    this.code = section.dataset.column;
    this.next = section.dataset.next ?? "";
    this.waiting = section.hasAttribute("data-waiting");
    this.loading = false;
    this.held = false; // while a card is dragged nothing is taken out
    this.load = load;
    this.scroller = section.querySelector("[data-scroll]");
    this.list = section.querySelector("[data-cards]");
    this.before = section.querySelector("[data-before]");
    this.after = section.querySelector("[data-after]");
    this.items = [...this.list.children].map((el) => this.item(el));
    this.first = 0;
    this.last = this.items.length;
    let asked = 0;
    const soon = () => {
      asked ||= requestAnimationFrame(() => {
        asked = 0;
        this.draw();
      });
    };
    this.scroller.addEventListener("scroll", soon, { passive: true });
    new ResizeObserver(soon).observe(this.scroller);
    this.list.addEventListener("focusin", (event) => this.choose(event.target.closest("[data-card]")));
    for (const item of this.items) quiet(item.el);
    this.draw();
  }

  get label() {
    return this.section.querySelector("[data-column-label]").textContent.trim();
  }

  item(el) {
    return { id: el.dataset.card, el, html: "", height: 0 };
  }

  index(id) {
    return this.items.findIndex((item) => item.id === id);
  }

  average() {
    const known = this.items.filter((item) => item.height);
    return known.length ? known.reduce((sum, item) => sum + item.height, 0) / known.length : GUESS;
  }

  /** The card that Tab reaches in this column, with its link and button. */
  choose(el) {
    if (!el || el === this.chosen) return;
    if (this.chosen?.isConnected) quiet(this.chosen);
    this.chosen = el;
    el.tabIndex = 0;
    for (const inner of el.querySelectorAll("a, button")) inner.removeAttribute("tabindex");
  }

  /** Bring what stands in the document in line with what is seen. */
  draw() {
    const { scrollTop, clientHeight } = this.scroller;
    if (!clientHeight) return;
    for (const item of this.items.slice(this.first, this.last)) item.height ||= item.el.offsetHeight + 8;
    const guess = this.average();
    const heights = this.items.map((item) => item.height || guess);
    const [low, high] = [scrollTop - OVER, scrollTop + clientHeight + OVER];
    let [first, last, y] = [0, this.items.length, 0];
    let started = false;
    for (const [i, height] of heights.entries()) {
      if (!started && y + height > low) [first, started] = [i, true];
      if (y > high) {
        last = i;
        break;
      }
      y += height;
    }
    const near = { low: scrollTop - NEAR, high: scrollTop + clientHeight + NEAR };
    const sum = (from, to) => heights.slice(from, to).reduce((a, b) => a + b, 0);
    const top = sum(0, this.first);
    const short = (this.first > 0 && top > near.low) || (this.last < this.items.length && top + sum(this.first, this.last) < near.high);
    const long = this.last - this.first > last - first + 24;
    if ((short || long) && !(this.held && !short)) this.set(this.held ? Math.min(first, this.first) : first, this.held ? Math.max(last, this.last) : last);
    this.before.style.height = `${Math.round(sum(0, this.first))}px`;
    this.after.style.height = `${Math.round(sum(this.last, this.items.length))}px`;
    const left = this.scroller.scrollHeight - scrollTop - clientHeight;
    if ((this.next || this.waiting) && !this.loading && left < NEAR && this.seen()) this.more();
  }

  seen() {
    const [box, board] = [this.section.getBoundingClientRect(), this.section.parentElement.getBoundingClientRect()];
    return box.right > board.left - 200 && box.left < board.right + 200;
  }

  /** Let exactly the items `first` to `last` stand in the document. */
  set(first, last) {
    const wanted = new Set(this.items.slice(first, last));
    const focused = document.activeElement;
    for (const item of this.items.slice(this.first, this.last)) {
      if (wanted.has(item)) continue;
      if (item.el.contains(focused)) this.scroller.focus({ preventScroll: true });
      quiet(item.el);
      item.html = item.el.outerHTML;
      item.el.remove();
      item.el = null;
    }
    let previous = null;
    for (const item of wanted) {
      if (!item.el) {
        item.el = element(item.html);
        quiet(item.el);
        if (previous) previous.after(item.el);
        else this.list.prepend(item.el);
      }
      previous = item.el;
    }
    [this.first, this.last] = [first, last];
    if (!this.chosen?.isConnected) this.choose(this.items[first]?.el);
  }

  async more() {
    this.loading = true;
    this.section.setAttribute("aria-busy", "true");
    try {
      const { html, next } = await this.load(this);
      const template = document.createElement("template");
      template.innerHTML = html;
      const known = new Set(this.items.map((item) => item.id));
      const atEnd = this.last === this.items.length;
      for (const el of [...template.content.children]) {
        if (known.has(el.dataset.card)) continue;
        this.items.push({ id: el.dataset.card, el: null, html: el.outerHTML, height: 0 });
      }
      this.next = next;
      this.waiting = false;
      if (atEnd) this.set(this.first, this.items.length);
      if (!next) this.section.querySelector("[data-more]")?.remove();
      this.loading = false;
      requestAnimationFrame(() => this.draw());
    } catch {
      // The link to the list stays, and the next scroll tries again.
      setTimeout(() => (this.loading = false), 2000);
    } finally {
      this.section.removeAttribute("aria-busy");
    }
  }

  /** Take an item out of the column; returns where it was. */
  take(item) {
    const index = this.items.indexOf(item);
    if (index < 0) return index;
    this.items.splice(index, 1);
    if (index < this.first) this.first -= 1;
    if (index < this.last) this.last -= 1;
    if (this.chosen === item.el) this.chosen = null;
    item.el?.remove();
    if (!this.chosen) this.choose(this.items[this.first]?.el);
    return index;
  }

  /** Put an item in at a place; it stands in the document when its neighbours do. */
  put(item, index) {
    const at = Math.max(0, Math.min(index, this.items.length));
    this.items.splice(at, 0, item);
    if (at < this.first || at > this.last) {
      if (at < this.first) [this.first, this.last] = [this.first + 1, this.last + 1];
      if (item.el) item.html = item.el.outerHTML;
      item.el?.remove();
      item.el = null;
      this.draw();
      return;
    }
    item.el ??= element(item.html);
    const next = this.items[at + 1]?.el;
    if (next?.parentElement === this.list) next.before(item.el);
    else this.list.append(item.el);
    this.last += 1;
    item.height = 0;
    quiet(item.el);
    if (!this.chosen) this.choose(item.el);
    this.draw();
  }

  /** Make sure a card stands in the document, and return it. */
  show(index) {
    const item = this.items[index];
    if (!item) return null;
    if (!item.el) {
      const guess = this.average();
      this.scroller.scrollTop = this.items.slice(0, index).reduce((sum, one) => sum + (one.height || guess), 0);
      this.set(Math.max(0, index - 15), Math.min(this.items.length, index + 15));
      this.draw();
    }
    return item.el;
  }

  head({ n, total, note }) {
    this.section.querySelector("[data-n]").textContent = n;
    this.section.querySelector("[data-total]").textContent = total;
    const mark = this.section.querySelector("[data-note]");
    mark.hidden = !note;
    mark.title = note;
    mark.querySelector("span").textContent = note;
  }
}

export function element(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return template.content.firstElementChild;
}

/** Out of the way of Tab: the arrows reach it. */
function quiet(el) {
  if (!el) return;
  el.tabIndex = -1;
  for (const inner of el.querySelectorAll("a, button")) inner.tabIndex = -1;
}
