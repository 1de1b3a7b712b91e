// A page that waits for a long job: look again in a few seconds, unless somebody is elsewhere meanwhile.
const again = () => (document.hidden ? setTimeout(again, 4000) : location.reload());
setTimeout(again, 4000);
