if (a && b < c) {
  go();
}
stop();
