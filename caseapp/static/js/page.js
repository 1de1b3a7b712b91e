// Small conveniences of every page. Each page works without them.

const find = document.getElementById("find");

function writing(element) {
  return element.closest("input, textarea, select, [contenteditable]") !== null;
}

document.addEventListener("keydown", (event) => {
  if (event.key === "/" && find && !event.ctrlKey && !event.metaKey && !event.altKey && !writing(event.target)) {
    event.preventDefault();
    find.focus();
    find.select();
  }
  if (event.key === "Escape") {
    closeMenus();
    document.activeElement?.closest?.(".clock")?.blur();
  }
});

// A menu closes when one looks elsewhere; without this module it closes by its own summary.
function closeMenus(except) {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (menu !== except) {
      const held = menu.contains(document.activeElement);
      menu.open = false;
      if (held && !except) menu.querySelector("summary").focus();
    }
  }
}

document.addEventListener("click", (event) => {
  if (document.querySelector("details.menu[open]")) {
    closeMenus(event.target.closest("details.menu") ?? document.body);
  }
});

// A form that came back: read its errors first. Their links open the field, not only scroll to it.
document.querySelector("[data-focus]")?.focus();
document.querySelector(".error-summary")?.addEventListener("click", (event) => {
  const target = document.getElementById(event.target.hash?.slice(1) ?? "");
  const field = target?.matches("input, select, textarea") ? target : target?.querySelector("input, select, textarea");
  if (field) {
    event.preventDefault();
    field.focus();
    field.scrollIntoView({ block: "center" });
  }
});

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}
