// Opens a figure large in a dialog. Without JavaScript the link opens the picture itself.
document.addEventListener("DOMContentLoaded", () => {
  const dialog = document.createElement("dialog");
  dialog.className = "lightbox";
  dialog.setAttribute("aria-label", "Figure, large");
  const close = document.createElement("button");
  close.type = "button";
  close.textContent = "Close";
  const box = document.createElement("div");
  box.className = "lightbox-box";
  box.tabIndex = 0;
  const picture = document.createElement("img");
  box.append(picture);
  dialog.append(close, box);
  document.body.append(dialog);
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog || event.target === box) dialog.close();
  });
  for (const link of document.querySelectorAll("a.figure-open")) {
    link.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
      event.preventDefault();
      const shown = link.querySelector("img");
      picture.src = link.getAttribute("href");
      picture.alt = shown.alt;
      // A tall figure fills the width and scrolls; any other is fitted into the window.
      box.classList.toggle("tall", shown.naturalHeight > shown.naturalWidth);
      dialog.showModal();
      box.scrollTo(0, 0);
    });
  }
  // The search page keeps the words that were searched for in sight.
  const words = new URLSearchParams(window.location.search).get("q");
  const field = document.querySelector(".sidebar-search");
  if (words && field) field.value = words;
});
