// Client-Server API, "Fallback": tells the app that opened this page that the step is done.
if (window.onAuthDone) {
  window.onAuthDone();
} else if (window.opener && window.opener.postMessage) {
  window.opener.postMessage("authDone", "*");
}
