// A log that follows its end while "Follow" is ticked; reading upwards lets go, returning to the end takes hold again.
// With data-at-end, a log that is complete opens at its end.
const NEAR_END = 24;

class Log extends HTMLElement {
  connectedCallback() {
    this.box = this.querySelector(".log");
    this.tick = this.querySelector(".follow input");
    if (this.box && this.hasAttribute("data-at-end")) this.box.scrollTop = this.box.scrollHeight;
    if (!this.box || !this.tick) return;
    this.querySelector(".follow").hidden = false;
    this.tick.checked = Log.following ?? this.tick.checked;
    this.tick.addEventListener("change", () => this.remember(this.tick.checked));
    this.box.addEventListener("scroll", () => this.scrolled(), { passive: true });
    this.observer = new MutationObserver(() => this.follow());
    this.observer.observe(this.box, { childList: true, characterData: true, subtree: true });
    if (!this.tick.checked) this.box.scrollTop = Log.place ?? 0;
    this.follow();
  }

  disconnectedCallback() {
    this.observer?.disconnect();
  }

  scrolled() {
    Log.place = this.box.scrollTop;
    this.remember(this.atEnd());
  }

  // Kept on the class, as is the place: a fragment that is swapped whole makes a new element.
  remember(following) {
    Log.following = following;
    this.tick.checked = following;
    if (following) this.follow();
  }

  atEnd() {
    return this.box.scrollHeight - this.box.scrollTop - this.box.clientHeight < NEAR_END;
  }

  follow() {
    if (this.tick.checked) this.box.scrollTop = this.box.scrollHeight;
  }
}
customElements.define("ym-log", Log);
