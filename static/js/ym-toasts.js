// Toasts leave by themselves when they are good news; warnings and errors stay until they are clicked away.
const READING_TIME = 6000;
const STAYING = new Set(["warning", "error"]);

class Toasts extends HTMLElement {
  connectedCallback() {
    this.observer = new MutationObserver(() => this.tend());
    this.observer.observe(this, { childList: true });
    this.addEventListener("click", (event) => {
      if (!event.target.closest("a")) event.target.closest(".toast")?.remove();
    });
    this.tend();
  }

  disconnectedCallback() {
    this.observer.disconnect();
  }

  tend() {
    for (const toast of this.querySelectorAll(".toast:not([data-tended])")) {
      toast.dataset.tended = "";
      if (!STAYING.has(toast.dataset.level)) setTimeout(() => this.dismiss(toast), READING_TIME);
    }
  }

  dismiss(toast) {
    if (toast.matches(":hover, :focus-within")) {
      setTimeout(() => this.dismiss(toast), READING_TIME);
      return;
    }
    toast.classList.add("leaving");
    setTimeout(() => toast.remove(), 200);
  }
}
customElements.define("ym-toasts", Toasts);
