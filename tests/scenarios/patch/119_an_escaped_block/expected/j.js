if (a && b < c) {
  go(a && b);
}
stop();
