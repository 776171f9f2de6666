// Tabs that do not fit scroll sideways; the current one is brought into view.
class Tabs extends HTMLElement {
  connectedCallback() {
    const strip = this.firstElementChild;
    const current = strip?.querySelector("[aria-current]");
    if (current) strip.scrollLeft = current.offsetLeft - (strip.clientWidth - current.clientWidth) / 2;
  }
}
customElements.define("ym-tabs", Tabs);
