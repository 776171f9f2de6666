// Light, dark or like the system: the form's buttons act at once, without loading the page again.
class Theme extends HTMLElement {
  connectedCallback() {
    this.addEventListener("submit", (event) => {
      event.preventDefault();
      this.choose(event.submitter.value);
      this.closest("[popover]")?.hidePopover();
    });
  }

  choose(theme) {
    const age = theme === "system" ? 0 : 365 * 24 * 3600;
    document.cookie = `theme=${theme}; path=/; max-age=${age}; samesite=lax`;
    if (theme === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    for (const button of this.querySelectorAll("button")) {
      button.setAttribute("aria-pressed", String(button.value === theme));
    }
  }
}
customElements.define("ym-theme", Theme);
