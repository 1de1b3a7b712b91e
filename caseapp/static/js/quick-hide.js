// Esc twice covers the page and locks the session; what was typed stays beneath until the password is given.
// Without this module «Ocultar la pantalla» in the account menu does the same through a page of its own.

const template = document.getElementById("quick-hide");
const WITHIN_MS = 600;
let last = -Infinity;
let title = "";

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.repeat) return;
  if (event.timeStamp - last < WITHIN_MS) hide();
  last = event.timeStamp;
}, true);

function hide() {
  if (!template || document.documentElement.classList.contains("hidden-now")) return;
  const cover = template.content.cloneNode(true).firstElementChild;
  const form = cover.querySelector("form");
  title = document.title;
  document.title = " ";
  document.documentElement.classList.add("hidden-now");
  document.body.append(cover);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    unlock(cover, form);
  });
  form.elements.password.focus();
  // Locked on the server too, so that neither «back» nor «reload» brings the page again.
  const body = new URLSearchParams({ csrf_token: form.elements.csrf_token.value });
  cover.locked = fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" }, keepalive: true })
    .catch(() => undefined);
}

async function unlock(cover, form) {
  const wrong = form.querySelector("[role=alert]");
  wrong.hidden = true;
  await cover.locked;
  let answer;
  try {
    answer = await fetch(form.action, {
      method: "POST", body: new URLSearchParams(new FormData(form)), headers: { Accept: "application/json" },
    });
  } catch {
    return form.submit(); // no network: the browser says so
  }
  if (answer.ok && !answer.redirected) {
    cover.remove();
    document.documentElement.classList.remove("hidden-now");
    document.title = title;
  } else if (answer.redirected) {
    location.reload(); // the session ended meanwhile; the sign-in page follows
  } else {
    wrong.hidden = false;
    form.elements.password.value = "";
    form.elements.password.focus();
  }
}
