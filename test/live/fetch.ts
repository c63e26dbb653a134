/** Prints what a URL answers, on one line. */
const answer = await fetch(process.argv[2]!);
console.log((await answer.text()).replaceAll("\n", " "));
