// Keys for what is on the page: data-key="g d" presses, data-focus-key="/" focuses. One listener for the whole page.
const PAUSE_BETWEEN_KEYS = 900;
const TYPING = "input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]";

class Shortcuts extends HTMLElement {
  connectedCallback() {
    this.typed = "";
    this.listener = (event) => this.press(event);
    document.addEventListener("keydown", this.listener);
  }

  disconnectedCallback() {
    document.removeEventListener("keydown", this.listener);
  }

  press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.target.closest(TYPING)) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    const sequence = this.typed ? `${this.typed} ${event.key}` : event.key;
    const wanted = this.find("key", sequence) ?? this.find("key", event.key);
    const field = this.find("focusKey", event.key);
    clearTimeout(this.timer);
    this.typed = wanted || field ? "" : event.key;
    this.timer = setTimeout(() => (this.typed = ""), PAUSE_BETWEEN_KEYS);
    if (!wanted && !field) return;
    event.preventDefault();
    if (field) field.focus();
    else wanted.click();
  }

  find(name, keys) {
    const attribute = name === "key" ? "data-key" : "data-focus-key";
    return [...document.querySelectorAll(`[${attribute}]`)].find(
      (element) => element.getAttribute(attribute) === keys && element.checkVisibility(),
    );
  }
}
customElements.define("ym-shortcuts", Shortcuts);
